package main

import (
	"strings"
	"testing"
)

const (
	interruptTraceback = "Traceback (most recent call last):\n  File \"x\", line 1\n    run()\n\n    ^^^\nKeyboardInterrupt\n"
	otherTraceback     = "Traceback (most recent call last):\n  File \"x\", line 2\nValueError: 1\n"
)

func TestInterruptFilter(t *testing.T) {
	for name, c := range map[string]struct{ before, after, want string }{
		"not interrupted by us":      {before: interruptTraceback, want: interruptTraceback},
		"its traceback is dropped":   {after: "a\n" + interruptTraceback + "b\n", want: "a\nb\n"},
		"with a message":             {after: strings.TrimSuffix(interruptTraceback, "\n") + ": x\n", want: ""},
		"without a last newline":     {after: strings.TrimSuffix(interruptTraceback, "\n"), want: ""},
		"other tracebacks stay":      {after: otherTraceback, want: otherTraceback},
		"one of each":                {after: otherTraceback + interruptTraceback, want: otherTraceback},
		"cut off":                    {after: "Traceback (most recent call last):\n  File", want: "Traceback (most recent call last):\n  File"},
		"an unfinished line stays":   {before: "a", after: "b", want: "ab"},
		"what was there before, too": {before: "a\n", after: interruptTraceback, want: "a\n"},
	} {
		var out strings.Builder
		f := &interruptFilter{out: &out}
		write := func(text string) {
			for i := range len(text) { // pipes cut anywhere
				if n, err := f.Write([]byte(text[i : i+1])); n != 1 || err != nil {
					t.Fatalf("%s: wrote %d, %v", name, n, err)
				}
			}
		}
		write(c.before)
		if c.after != "" {
			f.interrupt()
			write(c.after)
		}
		f.flush()
		if out.String() != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, out.String(), c.want)
		}
	}
}
