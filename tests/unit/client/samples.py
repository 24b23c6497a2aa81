"""Answers of the API as its reference shows them, with one key nobody knows in each."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

ZONE: Body = {
    "ID": 31002,
    "DisplayOrder": 2,
    "Name": "is1b",
    "Description": "石狩第2ゾーン",
    "IsDummy": False,
    "Region": {"ID": 310, "Name": "石狩", "NameServers": ["133.242.0.3"]},
}

SERVER: Body = {
    "ID": 113800000020,
    "Name": "web1",
    "Description": "front",
    "ServiceClass": "cloud/plan/2core-4gb",
    "Availability": "available",
    "CreatedAt": "2026-08-01T09:30:00+09:00",
    "Tags": ["web", "a"],
    "Icon": {"ID": 112901627749, "Name": "Linux", "Scope": "shared"},
    "InterfaceDriver": "virtio",
    "ServerPlan": {"ID": 100004002, "CPU": 2, "MemoryMB": 4096, "Commitment": "standard", "Generation": 100},
    "Zone": ZONE,
    "Instance": {"Status": "UP", "BeforeStatus": "down", "Host": None},
    "Disks": [
        {
            "ID": 113800000022,
            "Name": "web1-disk",
            "Connection": "virtio",
            "Availability": "available",
            "SizeMB": 20480,
            "Plan": {"ID": 4},
        }
    ],
    "Interfaces": [
        {
            "ID": 113800000021,
            "MACAddress": "9C:A3:BA:00:00:01",
            "IPAddress": "192.0.2.11",
            "UserIPAddress": None,
            "PacketFilter": {"ID": 113800000060, "Name": "pf"},
            "Switch": {"ID": 100000000101, "Scope": "shared", "Subnet": {"NetworkMaskLen": 24}},
        },
        {
            "ID": 113800000023,
            "MACAddress": "9C:A3:BA:00:00:02",
            "IPAddress": None,
            "UserIPAddress": "192.168.0.11",
            "PacketFilter": None,
            "Switch": {"ID": 113800000010, "Scope": "user", "Subnet": None},
        },
        {
            "ID": 113800000024,
            "MACAddress": "9C:A3:BA:00:00:03",
            "IPAddress": None,
            "UserIPAddress": None,
            "PacketFilter": None,
            "Switch": None,
        },
    ],
    "Novelty": {"of": "tomorrow"},
}

DISK: Body = {
    "ID": 113800000022,
    "Name": "web1-disk",
    "Description": "",
    "Connection": "virtio",
    "JobStatus": None,
    "Availability": "migrating",
    "SizeMB": 20480,
    "MigratedMB": 5120,
    "CreatedAt": "2026-08-01T09:30:01+09:00",
    "Plan": {"ID": 4, "StorageClass": "iscsi9999"},
    "SourceDisk": None,
    "SourceArchive": {"ID": 113601000001, "Name": "AlmaLinux 9"},
    "Server": {"ID": 113800000020, "Name": "web1"},
    "Tags": [],
    "Icon": None,
    "Novelty": 1,
}

ARCHIVE: Body = {
    "ID": 113601000001,
    "Name": "AlmaLinux 9.6 (64bit)",
    "Description": "",
    "Scope": "shared",
    "Availability": "available",
    "SizeMB": 20480,
    "CreatedAt": "2026-06-01T10:00:00+09:00",
    "Tags": ["os-linux", "current-stable", "distro-alma", "alma-9-latest"],
    "Novelty": 1,
}

SWITCH: Body = {
    "ID": 113800000010,
    "Name": "backend",
    "Description": "",
    "Scope": "user",
    "ServerCount": 2,
    "CreatedAt": "2026-08-01T09:00:00+09:00",
    "Tags": [],
    "Icon": None,
    "UserSubnet": {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24},
    "Novelty": 1,
}

PACKET_FILTER: Body = {
    "ID": 113800000060,
    "Name": "pf",
    "Description": "sf:1",
    "Expression": [
        {
            "Protocol": "tcp",
            "SourceNetwork": "192.168.0.0/24",
            "SourcePort": "",
            "DestinationPort": "80-90",
            "Action": "allow",
            "Description": None,
        }
    ],
    "ExpressionHash": "0cc175b9c0f1b6a831c399e269772661",
    "RequiredHostVersion": "0",
    "CreatedAt": "2026-08-01T09:00:00+09:00",
}

NOTE: Body = {
    "ID": 113800000031,
    "Name": "boot",
    "Class": "shell",
    "Scope": "user",
    "Content": "#!/bin/sh\n",
    "Tags": ["b", "a"],
    "CreatedAt": "2026-08-01T09:00:00+09:00",
    "Novelty": 1,
}

SSH_KEY: Body = {
    "ID": 113800000030,
    "Name": "key",
    "Description": "sf:1",
    "PublicKey": "ssh-ed25519 AAAA",
    "Fingerprint": "79:d7:ac:b8",
    "CreatedAt": "2026-08-01T09:00:00+09:00",
    "Novelty": 1,
}

ICON: Body = {"ID": 112901627749, "Name": "Linux", "Tags": [], "Scope": "shared", "URL": "https://i", "Novelty": 1}

SERVER_PLAN: Body = {
    "ID": 100004002,
    "Name": "プラン/2Core-4GB",
    "CPU": 2,
    "MemoryMB": 4096,
    "GPU": 0,
    "Commitment": "standard",
    "Generation": 100,
    "ConfidentialVM": False,
    "Availability": "available",
    "Novelty": 1,
}

DISK_PLAN: Body = {
    "ID": 4,
    "Name": "SSDプラン",
    "Availability": "available",
    "Size": [
        {"SizeMB": 40960, "Availability": "available"},
        {"SizeMB": 20480, "Availability": "available"},
        {"SizeMB": 61440, "Availability": "discontinued"},
    ],
}

PRICE: Body = {
    "ServiceClassID": 50050,
    "ServiceClassPath": "cloud/plan/1core-1gb",
    "DisplayName": "1Core 1GB",
    "IsPublic": True,
    "Price": {"Base": 0, "Hourly": 6, "Daily": 60, "Monthly": 1210, "Zone": "is1a"},
}

ELB: Body = {
    "ID": 113800000040,
    "Name": "web-elb",
    "Description": "",
    "Tags": ["web"],
    "Icon": None,
    "Availability": "available",
    "ServiceClass": "cloud/proxylb/plain/100",
    "CreatedAt": "2026-08-01T09:40:00+09:00",
    "SettingsHash": "5d41402abc4b2a76b9719d911017c592",
    "Provider": {"ID": 6000001, "Class": "proxylb"},
    "Settings": {
        "ProxyLB": {
            "HealthCheck": {"Protocol": "tcp", "DelayLoop": 10},
            "BindPorts": [{"ProxyMode": "http", "Port": 80}],
            "Servers": [{"IPAddress": "192.0.2.11", "Port": 80, "Enabled": True, "Novelty": "n"}],
            "Rules": [],
            "StrictRule": {"Enabled": True},
            "Novelty": {"of": ["tomorrow"]},
        }
    },
    "Status": {
        "UseVIPFailover": True,
        "Region": "is1",
        "ProxyNetworks": ["133.242.0.0/24"],
        "FQDN": "site-1.proxylb1.sakura.ne.jp",
    },
}

ELB_HEALTH: Body = {
    "ActiveConn": 10,
    "CPS": 1,
    "Servers": [
        {"ActiveConn": 1, "CPS": 0, "Status": "UP", "IPAddress": "192.0.2.11", "Port": "80"},
        {"ActiveConn": 0, "CPS": 0, "Status": "DOWN", "IPAddress": "192.0.2.12", "Port": "80"},
    ],
    "CurrentVIP": "192.0.2.80",
}

ELB_CERTIFICATES: Body = {
    "PrimaryCert": {
        "ServerCertificate": "-----BEGIN CERTIFICATE-----",
        "IntermediateCertificate": "",
        "PrivateKey": "-----BEGIN PRIVATE KEY-----",
        "CertificateEndDate": "May  4 01:37:47 2027 GMT",
        "CertificateCommonName": "www.example.com",
        "CertificateAltNames": "",
    },
    "AdditionalCerts": "",
}

DNS_ZONE: Body = {
    "ID": 113800000050,
    "Name": "example.com",
    "Description": "",
    "Tags": [],
    "Icon": None,
    "Availability": "available",
    "ServiceClass": "cloud/dns",
    "CreatedAt": "2026-08-01T09:50:00+09:00",
    "SettingsHash": "0cc175b9c0f1b6a831c399e269772661",
    "Provider": {"ID": 2000001, "Class": "dns"},
    "Status": {"Zone": "example.com", "NS": ["ns1.gslb4.sakura.ne.jp", "ns2.gslb4.sakura.ne.jp"]},
    "Settings": {
        "DNS": {
            "ResourceRecordSets": [
                {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300, "Novelty": 1},
                {"Name": "@", "Type": "HTTPS", "RData": '1 . alpn="h2,h3"'},
            ],
            "MonitoringSuiteLog": {"Enabled": "True"},
        }
    },
}

AUTH_STATUS: Body = {
    "Account": {"ID": 113000000001, "Name": "emulator", "Code": "emulator", "Class": "member"},
    "Member": {"Code": "abc12345", "Class": "member"},
    "IsAPIKey": True,
    "OperationPenalty": "none",
    "Permission": "create",
}
