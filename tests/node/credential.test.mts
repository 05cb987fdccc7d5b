import axios from 'axios';
import { NodeHelpers, type ICredentialsDecrypted, type IDataObject, type IHttpRequestOptions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { DELETE, executeForError, HEADERS, startExecutor } from './support.mts';

const PBX = { baseUrl: 'https://pbx.test', clientId: 'client', clientSecret: 'the secret', verifyTls: false };
const { testThreeCx } = new ThreeCx().methods.credentialTest;

/** Run n8n's test of a credential; its HTTP helper sends as n8n's `request` helper does. */
async function testCredential(credentials: IDataObject) {
	const request = async ({ uri, method, headers, body, timeout, maxRedirects }: Record<string, string>) => {
		const response = await axios({
			url: uri,
			method,
			headers: headers as unknown as Record<string, string>,
			data: body,
			timeout: Number(timeout),
			maxRedirects: Number(maxRedirects),
			responseType: 'text',
			transformResponse: (text: string) => text,
			validateStatus: () => true,
		});
		return { statusCode: response.status, headers: response.headers, body: response.data as string };
	};
	const self = { helpers: { request } } as unknown as ThisParameterType<typeof testThreeCx>;
	const data = { ...PBX, ...credentials };
	return await testThreeCx.call(self, { data } as unknown as ICredentialsDecrypted);
}

const startExecutorWith = async (status: number, body: object) =>
	await startExecutor((response) => {
		response.writeHead(status, HEADERS).end(JSON.stringify(body));
	});

describe('the API key', () => {
	const { properties } = new ThreeCxApi();
	const { clientSecret: key, ...address } = PBX;
	// n8n gives these two names labels of its own: "Client ID" and "Client Secret".
	const labelled = ['clientId', 'clientSecret'];
	const url = 'http://executor';

	it('has the label of the form', () => {
		const [field] = properties.filter(({ displayName }) => displayName === 'API Key');
		expect(field).toMatchObject({ name: 'apiKey', type: 'string', required: true, typeOptions: { password: true } });
		const shown = properties.filter(({ type }) => type !== 'hidden');
		expect(shown.filter(({ name }) => labelled.includes(name)).map(({ displayName }) => displayName)).toEqual(['Client ID']);
	});

	it.each([
		['of the form', { apiKey: key }],
		['of a credential that was stored as clientSecret', { clientSecret: key }],
		['that replaces a stored one', { apiKey: key, clientSecret: 'the old one' }],
	])('%s is sent to the executor', async (_, stored) => {
		// As n8n reads a stored credential: only fields that the form has.
		const data = { connection: 'direct', ...address, ...stored, executorUrl: url };
		const read = NodeHelpers.getNodeParameters(properties, data, true, false, null, null);
		const signed = await new ThreeCxApi().authenticate(read as never, { method: 'POST', url: '/v1/check', baseURL: url, body: {} });
		expect(signed.body).toEqual({ pbx: PBX });
	});
});

describe('credentialTest', () => {
	it('returns what the executor found', async () => {
		const server = await startExecutorWith(200, { ok: true, message: 'Logged in to 3CX 20.0.10' });
		expect(await testCredential({ executorUrl: server.url, executorKey: 'k' })).toEqual({
			status: 'OK',
			message: 'Logged in to 3CX 20.0.10',
		});
		expect(server.calls[0]).toMatchObject({ path: '/v1/check', body: { pbx: PBX } });
		expect(server.calls[0]?.headers.authorization).toBe('Bearer k');
	});

	it('returns why the PBX refused, with advice', async () => {
		const check = { ok: false, message: 'invalid_client.', description: 'Check the API key' };
		const server = await startExecutorWith(200, check);
		expect(await testCredential({ executorUrl: server.url })).toEqual({
			status: 'Error',
			message: 'invalid_client. Check the API key',
		});
	});

	it('names a missing executor key', async () => {
		const server = await startExecutorWith(401, { detail: 'The executor key is missing', code: 'executor_key' });
		expect(await testCredential({ executorUrl: server.url })).toEqual({
			status: 'Error',
			message: 'The executor key is missing. Enter the executor key in the credential',
		});
	});

	it('names another server', async () => {
		const server = await startExecutor((response) => {
			response.writeHead(200).end('<html>');
		});
		const { message } = await testCredential({ executorUrl: server.url });
		expect(message).toContain(`The server at ${server.url} is not a threecx executor`);
	});

	it('shows how to start the executor', async () => {
		const server = await startExecutorWith(200, {});
		const { url } = server;
		await server.close();
		expect((await testCredential({ executorUrl: url })).message).toContain(
			`The executor at ${url} is not running. Start it with: threecx serve --key-file FILE`,
		);
	});
});

type RequestOptions = Partial<Omit<IHttpRequestOptions, 'body'>> & { uri?: string; body?: unknown };

/** Sign a POST; HTTP Request names the URL `uri`, and this node names it `url`. */
const sign = async (credentials: IDataObject, options: RequestOptions = { url: '/v1/execute' }) => {
	const request = { method: 'POST', body: { operation: 'X' }, ...options } as IHttpRequestOptions;
	return await new ThreeCxApi().authenticate({ ...PBX, ...credentials } as never, request);
};

describe('authenticate', () => {
	it('accepts an address without a scheme', async () => {
		const urls = ['127.0.0.1:8765', ' http://127.0.0.1:8765/ ', 'https://executor.test/3cx//'];
		const found = await Promise.all(urls.map(async (executorUrl) => (await sign({ executorUrl })).baseURL));
		expect(found).toEqual(['http://127.0.0.1:8765', 'http://127.0.0.1:8765', 'https://executor.test/3cx']);
	});

	it('adds the PBX to the body and no empty key', async () => {
		const signed = await sign({ executorUrl: 'x', executorKey: ' ' });
		expect(signed.body).toEqual({ operation: 'X', pbx: PBX });
		expect(signed.headers).not.toHaveProperty('Authorization');
	});

	it('is not among the members that n8n lists, so that n8n offers no Custom API Call', () => {
		expect({ ...new ThreeCxApi() }).not.toHaveProperty('authenticate');
	});

	it.each([
		['http://executor.test:8765', 'http://executor.test:8765/v1/check', '/v1/check'],
		['http://executor.test:8765', 'HTTP://EXECUTOR.test:8765/v1/check?a=b@c', '/v1/check?a=b@c'],
		['http://executor.test', 'http://executor.test:80/v1/check', '/v1/check'],
		['https://executor.test/3cx', 'https://executor.test/3cx/v1/check', '/v1/check'],
		['https://executor.test/3cx', '/v1/check', '/v1/check'],
		['https://executor.test/3cx', 'v1/check', '/v1/check'],
		['http://me:word@executor.test', 'http://me:word@executor.test/v1/check', '/v1/check'],
	])('with the executor %s, sends to %s', async (executorUrl, uri, path) => {
		const signed = await sign({ executorUrl, executorKey: 'k' }, { uri });
		expect(signed).toMatchObject({ baseURL: executorUrl, url: path, headers: { Authorization: 'Bearer k' } });
		expect(signed).not.toHaveProperty('uri');
	});

	it.each([
		'',
		'/',
		'https://executor.test:8765/v1/check',
		'ftp://executor.test:8765/v1/check',
		'http://executor.test/v1/check',
		'http://executor.test:8766/v1/check',
		'http://executor.test.evil.test:8765/v1/check',
		'http://evil.test/v1/check',
		'http://evil.test/?http://executor.test:8765/v1/check',
		'http://evil.test/#http://executor.test:8765/v1/check',
		'http://executor.test:8765@evil.test/v1/check',
		'http://executor.test:8765\\@evil.test/v1/check',
		'http://evil.test\\@executor.test:8765/v1/check',
		'http://me@executor.test:8765/v1/check',
		'http:executor.test:8765/v1/check',
		'http:/executor.test:8765/v1/check',
		'http:\\\\executor.test:8765\\v1\\check',
		'http://executor.test:8765\\v1\\check',
		'http://executor.test:8765/v1\\..\\health',
		'http://executor.test:8765\t/v1/check',
		'http://executor.test:8765/v1/check\n',
		' http://executor.test:8765/v1/check',
		'//evil.test/v1/check',
		'///evil.test/v1/check',
		'\\\\evil.test/v1/check',
		'/\\evil.test/v1/check',
		'@evil.test/v1/check',
		'/health',
		'/v1',
		'/v1/',
		'/v1x/check',
		'/v1//check',
		'/v1/../health',
		'/v1/../../health',
		'/x/../v1/check',
		'/v1/./check',
		'/v1/%2e%2e/health',
		'/v1/.%2E/health',
		'/v1/%252e%252e/health',
		'/v1/..;/health',
		'/v1/..%2fhealth',
		'/v1/%2fhealth',
		'/v1/%5c..%5chealth',
		'/V1/check',
		'data:text/plain,/v1/check',
		'javascript:/v1/check',
	])('is not sent to %j', async (uri) => {
		const credentials = { executorUrl: 'http://executor.test:8765', executorKey: 'k' };
		const refused = /is not sent to/;
		await expect(sign(credentials, { uri })).rejects.toThrow(refused);
		await expect(sign(credentials, { url: uri })).rejects.toThrow(refused);
		await expect(sign({ ...credentials, executorUrl: 'http://executor.test:8765/v1' }, { uri })).rejects.toThrow(refused);
	});

	it.each(['http://evil.test', '//evil.test', 'http://executor.test:8765/other', 'http://executor.test:8765@evil.test'])(
		'is not sent to a path below the base URL %s',
		async (baseURL) => {
			const options = { url: '/v1/check', baseURL };
			await expect(sign({ executorUrl: 'http://executor.test:8765' }, options)).rejects.toThrow(/is not sent to/);
		},
	);

	it.each([
		{ proxy: 'http://evil.test' as never },
		{ proxy: { host: 'evil.test', port: 80 } },
		{ headers: { host: 'evil.test' } },
		{ body: 'text' },
		{ body: [1] },
		{ body: new URLSearchParams('a=b') },
	])('is not sent with %o', async (options) => {
		await expect(sign({ executorUrl: 'http://executor.test' }, { url: '/v1/check', ...options })).rejects.toThrow();
	});

	it('signs a request again that is signed already, as n8n does for a second attempt', async () => {
		const credentials = { executorUrl: 'https://executor.test/3cx', executorKey: 'k' };
		const signed = await sign(credentials);
		expect(await sign(credentials, signed as RequestOptions)).toEqual(signed);
	});

	it('follows no redirect, with either helper of n8n', async () => {
		const options = { url: '/v1/check', followRedirect: true, followAllRedirects: true, maxRedirects: 5 };
		expect(await sign({ executorUrl: 'http://executor.test' }, options)).toMatchObject({
			disableFollowRedirect: true,
			followRedirect: false,
			followAllRedirects: false,
			maxRedirects: 0,
			sendCredentialsOnCrossOriginRedirect: false,
		});
	});

	it('replaces the key and the PBX of the request, and reads a body that is JSON text', async () => {
		const headers = { authorization: 'Bearer other', 'content-type': 'text/plain', 'X-Id': '1' };
		const options = { url: '/v1/check', headers, body: '{"pbx":{"baseUrl":"http://evil.test"},"a":1}' };
		expect(await sign({ executorUrl: 'http://executor.test', executorKey: 'k' }, options)).toMatchObject({
			headers: { 'X-Id': '1', 'Content-Type': 'application/json', Authorization: 'Bearer k' },
			body: { pbx: PBX, a: 1 },
		});
	});

	it('puts no secret into a request without a body', async () => {
		const signed = await sign({ executorUrl: 'x' }, { method: 'GET', url: '/v1/check', body: undefined });
		expect(JSON.stringify(signed)).not.toContain(PBX.clientSecret);
	});
});

describe('a redirect of the executor', () => {
	it('is not followed, and its target is named', async () => {
		const thief = await startExecutorWith(200, { ok: true, message: '' });
		const server = await startExecutor((response) => {
			response.writeHead(307, { Location: `${thief.url}/v1/execute` }).end();
		});
		const error = await executeForError({ parameters: DELETE, url: server.url, credentials: { executorKey: 'k' } });
		expect(error.message).toBe(`The server at ${server.url} redirects to ${thief.url}/v1/execute`);
		expect(error.description).toContain('as the Executor URL');
		const { message } = await testCredential({ executorUrl: server.url });
		expect(message).toContain(`The server at ${server.url} redirects to ${thief.url}/v1/execute`);
		expect(thief.calls).toEqual([]);
	});
});
