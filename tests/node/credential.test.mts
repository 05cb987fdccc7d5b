import type { ICredentialsDecrypted, IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { afterEach, describe, expect, it } from 'vitest';

import axios from 'axios';

import { ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { type Executor, executor, HEADERS } from './support.mts';

const PBX = { baseUrl: 'https://pbx.test', clientId: 'client', clientSecret: 'the secret', verifyTls: false };

let server: Executor | undefined;
afterEach(async () => {
	await server?.close();
	server = undefined;
});

/** What n8n's test of a credential says; sends as n8n's old helper does. */
async function check(credentials: IDataObject) {
	const request = async ({ uri, method, headers, body, timeout }: Record<string, string>) => {
		const answer = await axios({
			url: uri,
			method,
			headers: headers as unknown as Record<string, string>,
			data: body,
			timeout: Number(timeout),
			responseType: 'text',
			transformResponse: (text: string) => text,
			validateStatus: () => true,
		});
		return { statusCode: answer.status, headers: answer.headers, body: answer.data as string };
	};
	const self = { helpers: { request } } as unknown as ThisParameterType<
		ThreeCx['methods']['credentialTest']['testThreeCx']
	>;
	const data = { ...PBX, ...credentials };
	return await new ThreeCx().methods.credentialTest.testThreeCx.call(self, { data } as unknown as ICredentialsDecrypted);
}

const answering = async (status: number, body: object) =>
	await executor((response) => {
		response.writeHead(status, HEADERS).end(JSON.stringify(body));
	});

describe('the test of a credential', () => {
	it('tells what the executor found', async () => {
		server = await answering(200, { ok: true, message: 'Logged in to 3CX 20.0.10' });
		expect(await check({ executorUrl: server.url, executorKey: 'k' })).toEqual({
			status: 'OK',
			message: 'Logged in to 3CX 20.0.10',
		});
		expect(server.calls[0]).toMatchObject({ path: '/v1/check', body: { pbx: PBX } });
		expect(server.calls[0]?.headers.authorization).toBe('Bearer k');
	});

	it('tells why the PBX refused, and what to do', async () => {
		server = await answering(200, { ok: false, message: 'invalid_client.', description: 'Check the API key' });
		expect(await check({ executorUrl: server.url })).toEqual({
			status: 'Error',
			message: 'invalid_client. Check the API key',
		});
	});

	it('tells that the key of the executor is missing', async () => {
		server = await answering(401, { detail: 'A key is wanted', code: 'executor_key' });
		const { status, message } = await check({ executorUrl: server.url });
		expect([status, message]).toEqual(['Error', 'A key is wanted. Put the key of the executor into the credential']);
	});

	it('tells that something else answers', async () => {
		server = await executor((response) => {
			response.writeHead(200).end('<html>');
		});
		expect((await check({ executorUrl: server.url })).message).toContain('is no threecx executor');
	});

	it('tells how to start an executor that is not running', async () => {
		server = await answering(200, {});
		const { url } = server;
		await server.close();
		expect((await check({ executorUrl: url })).message).toContain(
			`The executor at ${url} is not running. Start it with: threecx serve --key-file FILE`,
		);
	});
});

describe('the credential', () => {
	const authenticate = async (credentials: IDataObject): Promise<IHttpRequestOptions> => {
		const { authenticate: asked } = new ThreeCxApi();
		if (typeof asked !== 'function') throw new Error('the credential has no function');
		return await asked(credentials as never, { url: '/v1/execute', method: 'POST', body: { operation: 'X' } });
	};

	it('takes an address as people write it', async () => {
		const urls = ['127.0.0.1:8765', ' http://127.0.0.1:8765/ ', 'https://executor.test/3cx//'];
		const found = await Promise.all(urls.map(async (executorUrl) => (await authenticate({ executorUrl })).baseURL));
		expect(found).toEqual(['http://127.0.0.1:8765', 'http://127.0.0.1:8765', 'https://executor.test/3cx']);
	});

	it('adds the PBX to the body and no empty key', async () => {
		const ready = await authenticate({ ...PBX, executorUrl: 'x', executorKey: ' ' });
		expect(ready.body).toEqual({ operation: 'X', pbx: PBX });
		expect(ready.headers).not.toHaveProperty('Authorization');
	});
});
