/** Calls the executor with the node's credential. */
import type {
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
} from 'n8n-workflow';

import { getExecutorUrl } from '../../../credentials/executorRequest';
import { CONTRACT_HEADER } from './contract';
import {
	checkContract,
	checkRedirect,
	createApiError,
	createConnectionFailure,
	createForeignServerFailure,
	createInterruptedFailure,
	createProblemFailure,
	createProxyFailure,
	type ExecutorFailure,
} from './failures';
import { type ByteStream, IDLE_TIMEOUT, readText } from './ndjson';

const CREDENTIAL_TYPE = 'threeCxApi';
/** Milliseconds for a search: the PBX may be slow, and nothing is sent meanwhile. */
const JSON_TIMEOUT = 120_000;

export type Caller = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions;

/** The body of a successful response, or why there is none. */
export type ExecutorResponse =
	| { body: ByteStream; failure?: undefined }
	| { body?: undefined; failure: ExecutorFailure };

/** Return the executor's URL from the node's credential. */
export async function loadExecutorUrl(caller: Caller): Promise<string> {
	return getExecutorUrl((await caller.getCredentials(CREDENTIAL_TYPE)) as IDataObject);
}

/** Post JSON to the executor and return the response body as a stream; `timeout` is in milliseconds. */
export async function post(
	caller: Caller,
	path: string,
	body: IDataObject,
	headers: IDataObject = { Accept: 'application/json' },
	timeout = IDLE_TIMEOUT,
): Promise<ExecutorResponse> {
	return await send(caller, { method: 'POST', url: path, body, headers, timeout });
}

/** Get JSON from the executor and return the response body as a stream; `timeout` is in milliseconds. */
export async function get(caller: Caller, path: string, timeout: number): Promise<ExecutorResponse> {
	return await send(caller, { method: 'GET', url: path, headers: { Accept: 'application/json' }, timeout });
}

/** Delete what the executor stores at a path; returns why that failed. `timeout` is in milliseconds. */
export async function remove(caller: Caller, path: string, timeout: number): Promise<ExecutorFailure | undefined> {
	const request = { method: 'DELETE', url: path, headers: { Accept: 'application/json' }, timeout } as const;
	const response = await send(caller, request);
	response.body?.destroy();
	return response.failure;
}

async function send(caller: Caller, request: IHttpRequestOptions): Promise<ExecutorResponse> {
	const url = await loadExecutorUrl(caller);
	const options: IHttpRequestOptions = {
		...request,
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
	};
	let response: IN8nHttpFullResponse;
	try {
		response = await caller.helpers.httpRequestWithAuthentication.call(caller, CREDENTIAL_TYPE, options);
	} catch (error) {
		return { failure: createConnectionFailure(url, error) };
	}
	const failure = await checkResponse(url, response);
	return failure ? { failure } : { body: response.body as unknown as ByteStream };
}

/**
 * Post JSON to the executor and return the JSON of the response; throws NodeApiError where there is none.
 *
 * `timeout` is in milliseconds.
 */
export async function requestJson<T>(
	caller: Caller,
	path: string,
	body: IDataObject,
	timeout = JSON_TIMEOUT,
): Promise<T> {
	return await readJson<T>(caller, await post(caller, path, body, { Accept: 'application/json' }, timeout));
}

/** Return the JSON of a response; throws NodeApiError where there is none. */
export async function readJson<T>(caller: Caller, response: ExecutorResponse): Promise<T> {
	if (response.failure) throw createApiError(caller.getNode(), response.failure);
	const url = await loadExecutorUrl(caller);
	try {
		return JSON.parse(await readText(response.body)) as T;
	} catch (error) {
		const failure =
			error instanceof SyntaxError ? createForeignServerFailure(url) : createInterruptedFailure(url, error);
		throw createApiError(caller.getNode(), failure);
	}
}

async function checkResponse(url: string, response: IN8nHttpFullResponse): Promise<ExecutorFailure | undefined> {
	const stream = response.body as unknown as ByteStream;
	const { statusCode, headers } = response;
	const isProxy = statusCode >= 500 && headers[CONTRACT_HEADER] === undefined;
	const failure = isProxy
		? createProxyFailure(url, statusCode)
		: (checkRedirect(url, statusCode, headers) ?? checkContract(url, headers));
	if (failure) {
		stream.destroy();
		return failure;
	}
	if (statusCode < 400) return undefined;
	try {
		return createProblemFailure(url, statusCode, await readText(stream));
	} catch (error) {
		return createInterruptedFailure(url, error);
	}
}
