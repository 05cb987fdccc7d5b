import type {
	IAuthenticate,
	ICredentialDataDecryptedObject,
	ICredentialType,
	IDataObject,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

import definition from '../node_definition.json';

const [form] = definition.credentialTypes;

/** The executor's address as a URL without a slash at its end; without a scheme, http is meant. */
export function executorAddress(credentials: IDataObject): string {
	const given = String(credentials.executorUrl ?? '').trim();
	const url = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`;
	return url.replace(/\/+$/, '');
}

/** Which PBX the executor shall work with: a profile of its own, or an address and the client's secret. */
function pbxOf(credentials: ICredentialDataDecryptedObject): IDataObject {
	if (credentials.connection === 'profile') return { profile: credentials.profile as string };
	return {
		baseUrl: credentials.baseUrl as string,
		clientId: credentials.clientId as string,
		clientSecret: credentials.clientSecret as string,
		verifyTls: credentials.verifyTls as boolean,
	};
}

export class ThreeCxApi implements ICredentialType {
	name = 'threeCxApi';

	displayName = '3CX API';

	icon = { light: 'file:../nodes/ThreeCx/threecx.svg', dark: 'file:../nodes/ThreeCx/threecx.dark.svg' } as const;

	documentationUrl = 'https://www.3cx.com/docs/configuration-rest-api/';

	properties = (form?.properties ?? []) as INodeProperties[];

	// A function, because the PBX's secret goes to the executor in the body; the node itself never sees it.
	authenticate: IAuthenticate = async (
		credentials: ICredentialDataDecryptedObject,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const headers: IDataObject = { ...requestOptions.headers, 'Content-Type': 'application/json' };
		const key = String(credentials.executorKey ?? '').trim();
		if (key) headers.Authorization = `Bearer ${key}`;
		return {
			...requestOptions,
			baseURL: executorAddress(credentials as IDataObject),
			headers,
			body: { ...(requestOptions.body as IDataObject), pbx: pbxOf(credentials) },
		};
	};
}
