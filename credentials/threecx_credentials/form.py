"""The credential's form, as a canvas shows it: names, order, texts and defaults of its fields.

In the shape of n8n's ICredentialType. `executorUrl` and `executorKey` lead a canvas to the executor; the rest
leads the executor to the PBX.
"""

from __future__ import annotations

from typing import Any

NAME = "threeCxApi"

CREDENTIAL_TYPE: dict[str, Any] = {
    "name": NAME,
    "displayName": "3CX API",
    "properties": [
        {
            "displayName": "PBX URL",
            "name": "baseUrl",
            "type": "string",
            "default": "",
            "required": True,
            "placeholder": "https://pbx.example.com:5001",
            "description": "Address of the 3CX; without a scheme https is meant",
        },
        {
            "displayName": "Client ID",
            "name": "clientId",
            "type": "string",
            "default": "",
            "required": True,
            "description": "Shown by 3CX in Admin > Integrations > API",
        },
        {
            "displayName": "API Key",
            "name": "clientSecret",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "required": True,
            "description": "Shown by 3CX once, when the client is made",
        },
        {
            "displayName": "Verify TLS",
            "name": "verifyTls",
            "type": "boolean",
            "default": True,
            "description": "Whether the certificate of the PBX is checked",
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
