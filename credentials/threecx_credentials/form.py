"""The credential's form for a canvas, in the format of n8n's ICredentialType: names, texts and defaults of fields.

With `executorUrl` and `executorKey` a canvas connects to the executor. With the other fields the executor connects to
the PBX: directly, or through one of its profiles.
"""

from __future__ import annotations

from typing import Any

NAME = "threeCxApi"
DOCUMENTATION = "https://github.com/threecx-node/threecx-node/blob/main/docs/n8n.md"

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
                    "description": "The API key is stored here and sent to the executor",
                },
                {
                    "name": "Profile of the Executor",
                    "value": "profile",
                    "description": "The API key is stored on the executor; here is only the name of a profile",
                },
            ],
            "description": "Where the address and the API key of the PBX are stored",
        },
        {
            "displayName": "Profile",
            "name": "profile",
            "type": "string",
            "default": "",
            "required": True,
            "placeholder": "e.g. office",
            "description": "Name of a profile in the executor's profiles.toml",
            "displayOptions": {"show": {"connection": ["profile"]}},
        },
        {
            "displayName": "PBX URL",
            "name": "baseUrl",
            "type": "string",
            "default": "",
            "required": True,
            "placeholder": "e.g. https://pbx.example.com:5001",
            "description": "Address of the PBX; the default scheme is https",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "Client ID",
            "name": "clientId",
            "type": "string",
            "default": "",
            "required": True,
            "description": "Shown in 3CX under Admin > Integrations > API",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "API Key",
            # n8n labels a field with the name clientSecret by itself, whatever its display name.
            "name": "apiKey",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "required": True,
            "description": "Shown once in 3CX, when the API client is created",
            "displayOptions": _DIRECT,
        },
        {
            # The API key in credentials that were stored under the earlier name; n8n masks and keeps known fields only.
            "displayName": "Client Secret",
            "name": "clientSecret",
            "type": "hidden",
            "typeOptions": {"password": True},
            "default": "",
        },
        {
            "displayName": "Verify TLS",
            "name": "verifyTls",
            "type": "boolean",
            "default": True,
            "description": "Whether to verify the TLS certificate of the PBX",
            "displayOptions": _DIRECT,
        },
        {
            "displayName": "n8n cannot start programs, so an executor sends the requests to 3CX. "
            "Start it with <code>threecx serve</code>. "
            f'<a href="{DOCUMENTATION}" target="_blank">How to set it up</a>',
            "name": "executorNotice",
            "type": "notice",
            "default": "",
        },
        {
            "displayName": "Executor URL",
            "name": "executorUrl",
            "type": "string",
            "default": "http://127.0.0.1:8765",
            "required": True,
            "description": "Address of the executor (threecx serve)",
        },
        {
            "displayName": "Executor Key",
            "name": "executorKey",
            "type": "string",
            "typeOptions": {"password": True},
            "default": "",
            "placeholder": "Empty if the executor has no key",
            "description": "Key with which the executor was started (--key-file)",
        },
    ],
}
