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

/** Return the executor's URL without trailing slashes; an address without a scheme gets http://. */
export function getExecutorUrl(credentials: IDataObject): string {
	const address = String(credentials.executorUrl ?? '').trim();
	const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
	return url.replace(/\/+$/, '');
}

/** Return the PBX for the executor: one of its profiles, or an address with the client's ID and secret. */
function getPbx(credentials: ICredentialDataDecryptedObject): IDataObject {
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

	// A function, because the client's secret is sent to the executor in the body; the node itself never reads it.
	authenticate: IAuthenticate = async (
		credentials: ICredentialDataDecryptedObject,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const headers: IDataObject = { ...requestOptions.headers, 'Content-Type': 'application/json' };
		const key = String(credentials.executorKey ?? '').trim();
		if (key) headers.Authorization = `Bearer ${key}`;
		return {
			...requestOptions,
			baseURL: getExecutorUrl(credentials as IDataObject),
			headers,
			body: { ...(requestOptions.body as IDataObject), pbx: getPbx(credentials) },
		};
	};
}
