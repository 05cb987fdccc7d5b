"""The credential's form, as a canvas shows it: names, order, texts and defaults of its fields.

In the shape of n8n's ICredentialType. `executorUrl` and `executorKey` lead a canvas to the executor; the rest
leads the executor to the PBX: by address and key, or by a profile of the executor's own.
"""

from __future__ import annotations

from typing import Any

NAME = "threeCxApi"

_DIRECT = {"show": {"connection": ["direct"]}}

CREDENTIAL_TYPE: dict[str, Any] = {
    "name": NAME,
    "displayName": "3CX API",
    "properties": [
        {
            "displayName": "Connection",
            "name": "connection",
            "type": "options",
            "default": "direct",
            "options": [
                {
                    "name": "Address and API Key",
                    "value": "direct",
                    "description": "The canvas keeps the key and hands it to the executor",
                },
                {
                    "name": "Profile of the Executor",
                    "value": "profile",
                    "description": "The executor keeps the key; the canvas knows only a name",
                },
            ],
            "description": "Where the address and the key of the PBX are kept",
        },
        {
            "displayName": "Profile",
            "name": "profile",
            "type": "string",
            "default": "",
            "required": True,
            "placeholder": "office",
            "description": "Name of a PBX in the profiles.toml of the executor",
            "displayOptions": {"show": {"connection": ["profile"]}},
        },
        {
            "displayName": "PBX URL",
            "name": "baseUrl",
            "type": "string",
            "default": "",
            "required": True,
            "placeholder": "https://pbx.example.com:5001",
            "description": "Address of the 3CX; without a scheme https is meant",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "Client ID",
            "name": "clientId",
            "type": "string",
            "default": "",
            "required": True,
            "description": "Shown by 3CX in Admin > Integrations > API",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "API Key",
            "name": "clientSecret",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "required": True,
            "description": "Shown by 3CX once, when the client is made",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "Verify TLS",
            "name": "verifyTls",
            "type": "boolean",
            "default": True,
            "description": "Whether the certificate of the PBX is checked",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "Executor URL",
            "name": "executorUrl",
            "type": "string",
            "default": "http://127.0.0.1:8765",
            "required": True,
            "description": "Address of the running executor (threecx serve)",
        },
        {
            "displayName": "Executor Key",
            "name": "executorKey",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "description": "Key of the executor; empty where it listens on this machine only and wants none",
        },
    ],
}
