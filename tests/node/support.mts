/** Fakes for what surrounds the node: the functions that n8n gives to it, and an executor. Both use real HTTP. */
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
import { onTestFinished } from 'vitest';

import { ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { REPORT_TIMES } from '../../nodes/shared/transport/batchReport';

// No test waits for an executor that never answers.
Object.assign(REPORT_TIMES, { total: 300, interval: 20, answer: 1_000 });

export const HEADERS = { 'Threecx-Contract': '1', 'Content-Type': 'application/x-ndjson' };
export const DELETE = { operation: 'DeleteCallFlowApp', Id: { __rl: true, mode: 'id', value: '40' }, options: {} };

export interface Call {
	method: string;
	path: string;
	headers: IncomingMessage['headers'];
	body: IDataObject & { items: Array<{ json?: IDataObject; binary?: IDataObject; parameters: IDataObject }>; options: IDataObject };
}

export interface FakeExecutor {
	url: string;
	calls: Call[];
	close(): Promise<void>;
}

type CallHandler = (response: ServerResponse, call: Call, number: number) => void | Promise<void>;

/** Start an executor that responds with what `handler` writes, and records the calls; it stops with the test. */
export async function startExecutor(handler: CallHandler): Promise<FakeExecutor> {
	const calls: Call[] = [];
	const server: Server = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk: Buffer) => (text += chunk.toString()));
		request.on('end', () => {
			const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: text ? JSON.parse(text) : {} } as Call;
			calls.push(call);
			void handler(response, call, calls.length - 1);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const close = async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	onTestFinished(close);
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, close };
}

/** Write a response as the executor does: one line per item, then the last line. */
export function respondToAll(
	response: ServerResponse,
	call: Call,
	getResult: (index: number) => object = (index) => ({ items: [{ json: { deleted: true }, pairedItem: { item: index } }] }),
	last: object = {},
): void {
	response.writeHead(200, HEADERS);
	call.body.items.forEach((_, index) => response.write(`${JSON.stringify({ index, ...getResult(index) })}\n`));
	response.end(`${JSON.stringify({ done: true, summary: '', ...last })}\n`);
}

/** Start an executor that returns `getResult(index)` for each item. */
export async function startExecutorOf(getResult?: (index: number) => object): Promise<FakeExecutor> {
	return await startExecutor((response, call) => respondToAll(response, call, getResult));
}

export interface ContextOptions {
	/** Parameters of the node, or of each item. */
	parameters: IDataObject | IDataObject[];
	inputs?: INodeExecutionData[];
	url: string;
	credentials?: IDataObject;
	continueOnFail?: boolean;
	onError?: INode['onError'];
	signal?: AbortSignal;
	/** The node's parameters as they are stored, with expressions. */
	rawParameters?: IDataObject;
	/** Called for every parameter that is read, with its name and the item's index. */
	onRead?: (name: string, index: number) => void;
	/** Called for every hint that the node adds to the execution. */
	onHint?: (message: string) => void;
}

export const NODE = { id: '1', name: '3CX', type: 'threeCx', typeVersion: 1, position: [0, 0], parameters: {} } as INode;

/** Create the `this` of a node. Its HTTP helper sends with axios and the credential, as n8n's own does. */
export function createContext(options: ContextOptions): IExecuteFunctions {
	const { parameters } = options;
	const credentials = {
		baseUrl: 'https://pbx.test',
		clientId: 'client',
		clientSecret: 'the secret',
		verifyTls: true,
		executorUrl: options.url,
		...options.credentials,
	};
	const inputs: INodeExecutionData[] =
		options.inputs ?? (Array.isArray(parameters) ? parameters : [parameters]).map((_, n) => ({ json: { n } }));
	const self = {
		getNode: () => ({
			...NODE,
			credentials: { threeCxApi: { id: '1', name: '3CX' } },
			onError: options.onError,
			parameters: options.rawParameters ?? createRawParameters(parameters),
		}),
		getInputData: () => inputs,
		getTimezone: () => 'Europe/Berlin',
		continueOnFail: () => options.continueOnFail ?? false,
		addExecutionHints: ({ message }: { message: string }) => options.onHint?.(message),
		getExecutionCancelSignal: () => options.signal,
		getCredentials: async () => ({ ...credentials }),
		getNodeParameter: (name: string, index: number, fallback?: unknown) => {
			options.onRead?.(name, index);
			const ofItem = Array.isArray(parameters) ? (parameters[index] ?? {}) : parameters;
			if (name in ofItem) return ofItem[name];
			if (fallback === undefined) throw new Error(`Could not get parameter ${name}`);
			return fallback;
		},
		getCurrentNodeParameter: (name: string) => (parameters as IDataObject)[name],
		helpers: {
			assertBinaryData: (index: number, name: string) => {
				const found = inputs[index]?.binary?.[name];
				if (!found) throw Object.assign(new Error(`There is no binary data '${name}'`), { description: 'Choose another' });
				return found;
			},
			getBinaryDataBuffer: async (index: number, name: string) => {
				const { id, data = '' } = inputs[index]?.binary?.[name] ?? {};
				if (id === 'gone') throw new Error('The file is gone');
				return Buffer.from(data, 'base64');
			},
			getBinaryMetadata: async (id: string) => ({ fileSize: id === 'gone' ? 10 : Number(id) }),
			prepareBinaryData: async (data: Buffer, fileName: string, mimeType: string) => ({
				data: data.toString('base64'),
				fileName,
				mimeType,
			}),
			httpRequestWithAuthentication: async (_: string, request: IHttpRequestOptions) => {
				try {
					const signed = await new ThreeCxApi().authenticate(credentials, request);
					const { url, baseURL, method, headers, body, timeout, encoding, disableFollowRedirect } = signed;
					const response = await axios({
						url,
						baseURL,
						method,
						headers: headers as Record<string, string>,
						data: body,
						timeout,
						signal: options.signal,
						...(disableFollowRedirect ? { maxRedirects: 0 } : {}),
						responseType: encoding as 'stream',
						validateStatus: () => true,
					});
					return { body: response.data as unknown, headers: response.headers, statusCode: response.status };
				} catch (error) {
					throw new NodeApiError(NODE, error as JsonObject);
				}
			},
		},
	};
	return self as unknown as IExecuteFunctions;
}

// Parameters that differ by item are stored with expressions; n8n stores a locator and a mapper as objects around them.
function createRawParameters(parameters: ContextOptions['parameters']): IDataObject {
	if (!Array.isArray(parameters)) return parameters;
	return Object.fromEntries(parameters.flatMap(Object.entries).map(([name, value]) => [name, createRaw(value)]));
}

function createRaw(value: unknown): IDataObject[string] {
	if (typeof value !== 'object' || value === null) return '={{ $json }}';
	const { __rl, mode, mappingMode, ...rest } = value as IDataObject;
	const written = Object.entries({ __rl, mode, mappingMode }).filter(([, each]) => each !== undefined);
	return { ...Object.fromEntries(written), ...Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, createRaw(each)])) };
}

/** Return the parameters of `count` items that delete. */
export function createDeletes(count: number): IDataObject[] {
	return Array.from({ length: count }, () => DELETE);
}

/** Execute the node and return its output. */
export async function execute(options: ContextOptions): Promise<INodeExecutionData[]> {
	const [output] = await new ThreeCx().execute.call(createContext(options));
	return output ?? [];
}

/** Execute the node and return the error that it throws. */
export async function executeForError(options: ContextOptions): Promise<NodeApiError> {
	try {
		await execute(options);
	} catch (error) {
		return error as NodeApiError;
	}
	throw new Error('nothing was thrown');
}
