package main

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// The defaults of the official schema.
const (
	defaultPort           = 22
	defaultUser           = "root"
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15
)

// connection is where a command runs, and how to get there.
type connection struct {
	host, user, password           string
	port                           int
	privateKey, privateKeyPassword string
	agentSocketPath                string
	dialErrorLimit, perDialTimeout int
	hostKey                        string
	proxy                          *connection
}

// inputs are a command's, in plain text.
type inputs struct {
	create, update, delete string
	stdin                  string
	environment            map[string]string
	connection             connection
	logStdout, logStderr   bool
	previousInEnv          bool
}

// output is what a command wrote, each without its last line feed.
type output struct{ stdout, stderr string }

func (o output) onto(inputs resource.PropertyMap) resource.PropertyMap {
	outputs := inputs.Copy()
	outputs["stdout"] = resource.NewStringProperty(o.stdout)
	outputs["stderr"] = resource.NewStringProperty(o.stderr)
	return outputs
}

func outputOf(outputs resource.PropertyMap) output {
	return output{text(outputs, "stdout"), text(outputs, "stderr")}
}

// unknownOutput is what a preview says of a command that would run.
func unknownOutput(inputs resource.PropertyMap) resource.PropertyMap {
	outputs := inputs.Copy()
	outputs["stdout"] = resource.MakeComputed(resource.NewStringProperty(""))
	outputs["stderr"] = resource.MakeComputed(resource.NewStringProperty(""))
	return outputs
}

// plain is a value without its marks as a secret.
func plain(value resource.PropertyValue) resource.PropertyValue {
	switch {
	case value.IsSecret():
		return plain(value.SecretValue().Element)
	case value.IsOutput() && value.OutputValue().Known:
		return plain(value.OutputValue().Element)
	case value.IsArray():
		elements := make([]resource.PropertyValue, len(value.ArrayValue()))
		for i, element := range value.ArrayValue() {
			elements[i] = plain(element)
		}
		return resource.NewArrayProperty(elements)
	case value.IsObject():
		return resource.NewObjectProperty(plainMap(value.ObjectValue()))
	default:
		return value
	}
}

func plainMap(values resource.PropertyMap) resource.PropertyMap {
	found := resource.PropertyMap{}
	for key, value := range values {
		found[key] = plain(value)
	}
	return found
}

func text(values resource.PropertyMap, key resource.PropertyKey) string {
	if value := plain(values[key]); value.IsString() {
		return value.StringValue()
	}
	return ""
}

func number(values resource.PropertyMap, key resource.PropertyKey, otherwise int) int {
	if value := plain(values[key]); value.IsNumber() {
		return int(value.NumberValue())
	}
	return otherwise
}

func object(values resource.PropertyMap, key resource.PropertyKey) resource.PropertyMap {
	if value := plain(values[key]); value.IsObject() {
		return value.ObjectValue()
	}
	return nil
}

func decode(values resource.PropertyMap) inputs {
	logging := text(values, "logging")
	previous := plain(values["addPreviousOutputInEnv"])
	in := inputs{
		create:        text(values, "create"),
		update:        text(values, "update"),
		delete:        text(values, "delete"),
		stdin:         text(values, "stdin"),
		environment:   map[string]string{},
		connection:    decodeConnection(object(values, "connection")),
		logStdout:     logging == "" || logging == "stdout" || logging == "stdoutAndStderr",
		logStderr:     logging == "" || logging == "stderr" || logging == "stdoutAndStderr",
		previousInEnv: !previous.IsBool() || previous.BoolValue(),
	}
	for key := range object(values, "environment") {
		in.environment[string(key)] = text(object(values, "environment"), key)
	}
	return in
}

func decodeConnection(values resource.PropertyMap) connection {
	made := connection{
		host:               text(values, "host"),
		user:               text(values, "user"),
		password:           text(values, "password"),
		port:               number(values, "port", defaultPort),
		privateKey:         text(values, "privateKey"),
		privateKeyPassword: text(values, "privateKeyPassword"),
		agentSocketPath:    text(values, "agentSocketPath"),
		dialErrorLimit:     number(values, "dialErrorLimit", defaultDialErrorLimit),
		perDialTimeout:     number(values, "perDialTimeout", defaultPerDialTimeout),
		hostKey:            text(values, "hostKey"),
	}
	if made.user == "" {
		made.user = defaultUser
	}
	if through := object(values, "proxy"); through != nil {
		proxy := decodeConnection(through)
		made.proxy = &proxy
	}
	return made
}

// withDefaults are the inputs as they go into the state, and what is wrong with them. Unknown values pass.
func withDefaults(news resource.PropertyMap) (resource.PropertyMap, []plugin.CheckFailure) {
	inputs := news.Copy()
	var failures []plugin.CheckFailure
	fail := func(key resource.PropertyKey, reason string) {
		failures = append(failures, plugin.CheckFailure{Property: key, Reason: reason})
	}
	target := plain(inputs["connection"])
	switch {
	case target.IsComputed() || target.IsOutput():
		return inputs, nil
	case !target.IsObject():
		fail("connection", "a command needs a connection")
		return inputs, failures
	}
	where := target.ObjectValue()
	if host := plain(where["host"]); host.IsNull() || host.IsString() && host.StringValue() == "" {
		fail("connection.host", "a connection needs a host")
	}
	if key := text(where, "hostKey"); key != "" {
		if _, err := parseHostKey(key); err != nil {
			fail("connection.hostKey", err.Error())
		}
	}
	inputs["connection"] = resource.MakeSecret(resource.NewObjectProperty(withConnectionDefaults(where)))
	for key := range inputs {
		if !knownInputs[key] {
			fail(key, fmt.Sprintf("%s has no input %s", commandType, key))
		}
	}
	return inputs, failures
}

var knownInputs = map[resource.PropertyKey]bool{
	"addPreviousOutputInEnv": true, "connection": true, "create": true, "delete": true, "environment": true,
	"logging": true, "stdin": true, "triggers": true, "update": true, "__defaults": true, "__internal": true,
}

func withConnectionDefaults(values resource.PropertyMap) resource.PropertyMap {
	found := values.Copy()
	for key, value := range map[resource.PropertyKey]resource.PropertyValue{
		"port":           resource.NewNumberProperty(defaultPort),
		"user":           resource.NewStringProperty(defaultUser),
		"dialErrorLimit": resource.NewNumberProperty(defaultDialErrorLimit),
		"perDialTimeout": resource.NewNumberProperty(defaultPerDialTimeout),
	} {
		if _, given := found[key]; !given {
			found[key] = value
		}
	}
	if proxy := plain(found["proxy"]); proxy.IsObject() {
		found["proxy"] = resource.NewObjectProperty(withConnectionDefaults(proxy.ObjectValue()))
	}
	return found
}
