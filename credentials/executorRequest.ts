/** Signs requests to the executor, and refuses all others: its key and the secret of the PBX are sent to no other URL. */
import {
	UserError,
	type ICredentialDataDecryptedObject,
	type IDataObject,
	type IHttpRequestOptions,
} from 'n8n-workflow';

/** Paths of the executor's API: letters and digits only, so that no server on the way can read another path in it. */
const API_PATH = /^\/v1(?:\/[\w-]+)+$/;
/** Characters with which a URL parser may find another host than the one that a reader of the text sees. */
const AMBIGUOUS_CHARACTERS = /[\s\\@\p{Cc}]/u;
const ABSOLUTE_URL = /^[a-z][a-z\d+.-]*:/i;
const SCHEME_AND_HOST = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i;

/** HTTP Request sends with the helper of older n8n versions, which has its own names for some options. */
type RequestOptions = Omit<IHttpRequestOptions, 'url' | 'body'> & {
	url?: unknown;
	uri?: unknown;
	body?: unknown;
	form?: unknown;
	formData?: unknown;
};

/** Set for both helpers of n8n: a redirect would carry the body, with the secret, wherever it leads. */
const NO_REDIRECTS = {
	disableFollowRedirect: true,
	followRedirect: false,
	followAllRedirects: false,
	maxRedirects: 0,
	sendCredentialsOnCrossOriginRedirect: false,
};

/** Return the executor's URL without trailing slashes; an address without a scheme gets http://. */
export function getExecutorUrl(credentials: IDataObject): string {
	const address = String(credentials.executorUrl ?? '').trim();
	const url = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
	return url.replace(/\/+$/, '');
}

/**
 * Return the request with the executor's key and the PBX.
 *
 * Throws UserError for a request that would not go straight to the executor's API, or whose body is not JSON. n8n's HTTP
 * Request node can use the credential of any node, with any URL.
 */
export function signRequest(
	credentials: ICredentialDataDecryptedObject,
	requestOptions: IHttpRequestOptions,
): IHttpRequestOptions {
	const { uri, form, formData, ...options } = requestOptions as RequestOptions;
	const executorUrl = getExecutorUrl(credentials as IDataObject);
	const url = getApiPath(executorUrl, String(options.url ?? uri ?? ''), options.baseURL);
	if (options.proxy) {
		throw new UserError('This credential cannot be used with a proxy: it is sent to the executor only', {
			description: 'Remove the option Proxy',
		});
	}
	const headers = getHeaders(options.headers, credentials);
	const signed = { ...options, ...NO_REDIRECTS, baseURL: executorUrl, url, headers };
	if (String(options.method ?? 'GET').toUpperCase() !== 'POST') return signed as IHttpRequestOptions;
	const body = { ...getJsonBody(form ?? formData ?? options.body), pbx: getPbx(credentials) };
	return { ...signed, body } as IHttpRequestOptions;
}

/** Return the path and query of a URL below the executor's own, or throw UserError. */
function getApiPath(executorUrl: string, url: string, baseUrl = executorUrl): string {
	const target = ABSOLUTE_URL.test(url) ? url : `${baseUrl.replace(/\/+$/, '')}/${url.replace(/^\//, '')}`;
	const [address = ''] = target.split(/[?#]/, 1);
	const executor = new URL(executorUrl);
	const parsed = URL.canParse(target) ? new URL(target) : undefined;
	const prefix = executor.pathname.replace(/\/+$/, '');
	const path = parsed?.pathname.startsWith(prefix) ? parsed.pathname.slice(prefix.length) : '';
	const isApi =
		parsed?.protocol === executor.protocol &&
		parsed.host === executor.host &&
		!(AMBIGUOUS_CHARACTERS.test(address) && address !== `${executorUrl}${path}`) &&
		// A parser resolves `..` and `%2e%2e`; no request of this node contains them.
		address.replace(SCHEME_AND_HOST, '') === parsed.pathname &&
		API_PATH.test(path);
	if (isApi) return path + parsed.search;
	throw new UserError(`The credential of the 3CX node is not sent to ${address.slice(0, 200)}`, {
		description:
			`It is sent to the executor at ${executorUrl} only, to URLs below /v1/. ` +
			"To call any path of 3CX's API, use the operation API > Request of the 3CX node",
	});
}

function getHeaders(headers: IDataObject = {}, credentials: ICredentialDataDecryptedObject): IDataObject {
	const key = String(credentials.executorKey ?? '').trim();
	const signed: IDataObject = {};
	for (const [name, value] of Object.entries(headers)) {
		const lowerName = name.toLowerCase();
		// A server that answers for several hosts chooses by this header.
		if (lowerName === 'host') {
			throw new UserError('This credential cannot be used with a header Host: it is sent to the executor only', {
				description: 'Remove the header Host',
			});
		}
		if (lowerName !== 'content-type' && !(key && lowerName === 'authorization')) signed[name] = value;
	}
	signed['Content-Type'] = 'application/json';
	if (key) signed.Authorization = `Bearer ${key}`;
	return signed;
}

function getJsonBody(body: unknown): IDataObject {
	const value: unknown = typeof body === 'string' && body.trim() ? parseJson(body) : body || {};
	if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
		return value as IDataObject;
	}
	throw new UserError('The body of a request to the executor must be a JSON object', {
		description: 'Set Body Content Type to JSON',
	});
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Return the PBX for the executor: one of its profiles, or an address with the client's ID and secret. */
function getPbx(credentials: ICredentialDataDecryptedObject): IDataObject {
	if (credentials.connection === 'profile') return { profile: credentials.profile as string };
	return {
		baseUrl: credentials.baseUrl as string,
		clientId: credentials.clientId as string,
		// The second is the name in credentials that were stored with the first version.
		clientSecret: (credentials.apiKey || credentials.clientSecret) as string,
		verifyTls: credentials.verifyTls as boolean,
	};
}
