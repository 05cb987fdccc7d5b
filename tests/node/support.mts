/** A stand-in for what n8n gives a node, and a server that stands in for the executor; both speak real HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import axios from 'axios';
import {
	NodeApiError,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type JsonObject,
} from 'n8n-workflow';

import { ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';

export const HEADERS = { 'Threecx-Contract': '1', 'Content-Type': 'application/x-ndjson' };

export interface Call {
	path: string;
	headers: IncomingMessage['headers'];
	body: IDataObject & { items: Array<{ json?: IDataObject; parameters: IDataObject }>; options: IDataObject };
}

export interface Executor {
	url: string;
	calls: Call[];
	close(): Promise<void>;
}

type Handler = (response: ServerResponse, call: Call, number: number) => void | Promise<void>;

/** An executor whose every answer is what `handler` writes; it notes what it was sent. */
export async function executor(handler: Handler): Promise<Executor> {
	const calls: Call[] = [];
	const server: Server = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk: Buffer) => (text += chunk.toString()));
		request.on('end', () => {
			const call = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text) } as Call;
			calls.push(call);
			void handler(response, call, calls.length - 1);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		calls,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** Answers a call as the executor does: a line per item, then the last one. */
export function answerAll(
	response: ServerResponse,
	call: Call,
	result: (index: number) => object = (index) => ({ items: [{ json: { deleted: true }, pairedItem: { item: index } }] }),
): void {
	response.writeHead(200, HEADERS);
	call.body.items.forEach((_, index) => response.write(`${JSON.stringify({ index, ...result(index) })}\n`));
	response.end(`${JSON.stringify({ done: true, summary: '' })}\n`);
}

export interface Given {
	/** Parameters of the node, or of each item. */
	parameters: IDataObject | IDataObject[];
	inputs?: INodeExecutionData[];
	url: string;
	credentials?: IDataObject;
	continueOnFail?: boolean;
	onError?: INode['onError'];
	signal?: AbortSignal;
	/** The node's parameters as they were written, expressions unresolved. */
	written?: IDataObject;
	/** Sees every parameter that is read: its name and the item's index. */
	onRead?: (name: string, index: number) => void;
}

export const NODE = { id: '1', name: '3CX', type: 'threeCx', typeVersion: 1, position: [0, 0], parameters: {} } as INode;

/** What n8n calls `this` in a node. Its HTTP helper sends with axios and the credential, as n8n's own does. */
export function context(given: Given): IExecuteFunctions {
	const { parameters } = given;
	const credentials = {
		baseUrl: 'https://pbx.test',
		clientId: 'client',
		clientSecret: 'the secret',
		verifyTls: true,
		executorUrl: given.url,
		...given.credentials,
	};
	const inputs =
		given.inputs ?? (Array.isArray(parameters) ? parameters : [parameters]).map((_, n) => ({ json: { n } }));
	const self = {
		// Parameters that differ by item were written as expressions.
		getNode: () => ({ ...NODE, onError: given.onError, parameters: given.written ?? writtenBy(parameters) }),
		getInputData: () => inputs,
		getTimezone: () => 'Europe/Berlin',
		continueOnFail: () => given.continueOnFail ?? false,
		getExecutionCancelSignal: () => given.signal,
		getCredentials: async () => ({ ...credentials }),
		getNodeParameter: (name: string, index: number, fallback?: unknown) => {
			given.onRead?.(name, index);
			const all = Array.isArray(parameters) ? (parameters[index] ?? {}) : parameters;
			if (name in all) return all[name];
			if (fallback === undefined) throw new Error(`Could not get parameter ${name}`);
			return fallback;
		},
		getCurrentNodeParameter: (name: string) => (parameters as IDataObject)[name],
		helpers: {
			prepareBinaryData: async (data: Buffer, fileName: string, mimeType: string) => ({
				data: data.toString('base64'),
				fileName,
				mimeType,
			}),
			httpRequestWithAuthentication: async (_: string, asked: IHttpRequestOptions) => {
				const { authenticate } = new ThreeCxApi();
				if (typeof authenticate !== 'function') throw new Error('the credential has no function');
				try {
					const { url, baseURL, method, headers, body, timeout, encoding } = await authenticate(credentials, asked);
					const answer = await axios({
						url,
						baseURL,
						method,
						headers: headers as Record<string, string>,
						data: body,
						timeout,
						signal: given.signal,
						responseType: encoding as 'stream',
						validateStatus: () => true,
					});
					return { body: answer.data as unknown, headers: answer.headers, statusCode: answer.status };
				} catch (error) {
					throw new NodeApiError(NODE, error as JsonObject);
				}
			},
		},
	};
	return self as unknown as IExecuteFunctions;
}

function writtenBy(parameters: Given['parameters']): IDataObject {
	if (!Array.isArray(parameters)) return parameters;
	return Object.fromEntries(parameters.flatMap((each) => Object.keys(each)).map((name) => [name, '={{ $json }}']));
}
