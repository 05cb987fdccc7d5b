import axios from 'axios';
import type { ICredentialsDecrypted, IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { HEADERS, startExecutor } from './support.mts';

const PBX = { baseUrl: 'https://pbx.test', clientId: 'client', clientSecret: 'the secret', verifyTls: false };
const { testThreeCx } = new ThreeCx().methods.credentialTest;

/** Run n8n's test of a credential; its HTTP helper sends as n8n's `request` helper does. */
async function testCredential(credentials: IDataObject) {
	const request = async ({ uri, method, headers, body, timeout }: Record<string, string>) => {
		const response = await axios({
			url: uri,
			method,
			headers: headers as unknown as Record<string, string>,
			data: body,
			timeout: Number(timeout),
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

describe('authenticate', () => {
	const authenticate = async (credentials: IDataObject): Promise<IHttpRequestOptions> => {
		const { authenticate: sign } = new ThreeCxApi();
		if (typeof sign !== 'function') throw new Error('the credential has no function');
		return await sign(credentials as never, { url: '/v1/execute', method: 'POST', body: { operation: 'X' } });
	};

	it('accepts an address without a scheme', async () => {
		const urls = ['127.0.0.1:8765', ' http://127.0.0.1:8765/ ', 'https://executor.test/3cx//'];
		const found = await Promise.all(urls.map(async (executorUrl) => (await authenticate({ executorUrl })).baseURL));
		expect(found).toEqual(['http://127.0.0.1:8765', 'http://127.0.0.1:8765', 'https://executor.test/3cx']);
	});

	it('adds the PBX to the body and no empty key', async () => {
		const signed = await authenticate({ ...PBX, executorUrl: 'x', executorKey: ' ' });
		expect(signed.body).toEqual({ operation: 'X', pbx: PBX });
		expect(signed.headers).not.toHaveProperty('Authorization');
	});
});
