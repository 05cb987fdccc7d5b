import {
	NodeApiError,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type ILoadOptionsFunctions,
	type IN8nHttpFullResponse,
	type INode,
	type JsonObject,
} from 'n8n-workflow';

import { executorAddress } from '../../credentials/ThreeCxApi.credentials';
import { CONTRACT, type Problem } from './contract';
import { type ByteStream, SILENCE_SECONDS, SilenceError, textOf } from './lines';

export const CREDENTIAL = 'threeCxApi';
const START = 'Start it with: threecx serve --key-file FILE';
const LOOK = "Look at the executor's log, and at the PBX for what was carried out, before running this again";
const NOT_RUNNING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
// No TLS: nothing of the request has been sent.
const NO_TLS = /CERT|^UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$/;
const TIMED_OUT = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT']);

/** What went wrong on the way, in words for a person; `sent` is whether the PBX may have seen something of it. */
export interface Failure {
	message: string;
	description: string;
	httpCode?: string;
	sent: boolean;
}

/** What an error is made of. */
export type ErrorWords = Pick<Failure, 'message' | 'description' | 'httpCode'>;

/** An error in our words. */
export function nodeError(node: INode, words: ErrorWords, itemIndex?: number): NodeApiError {
	const { message, description, httpCode } = words;
	const error = new NodeApiError(node, { message } as JsonObject, { message, description, httpCode, itemIndex });
	// n8n looks for words such as EACCES anywhere in a message, "RemoteAccess" included, and puts its own in its place.
	error.message = message;
	error.messages = [];
	return error;
}

/** What a call gave, or why it gave nothing. */
export type Answer<T> = { value: T; failure?: undefined } | { failure: Failure };

type Caller = IExecuteFunctions | ILoadOptionsFunctions;

/** Where the executor of the node's credential is. */
export async function addressOf(caller: Caller): Promise<string> {
	return executorAddress((await caller.getCredentials(CREDENTIAL)) as IDataObject);
}

/** Posts to the executor; the answer's body as a stream, or what else answered. */
export async function post(
	caller: Caller,
	path: string,
	body: IDataObject,
	headers: IDataObject = { Accept: 'application/json' },
	timeout = SILENCE_SECONDS * 1000,
): Promise<Answer<ByteStream>> {
	const url = await addressOf(caller);
	const options: IHttpRequestOptions = {
		method: 'POST',
		url: path,
		body,
		headers,
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		timeout,
	};
	let response: IN8nHttpFullResponse;
	try {
		response = await caller.helpers.httpRequestWithAuthentication.call(caller, CREDENTIAL, options);
	} catch (error) {
		return { failure: connectionFailure(url, error) };
	}
	const failure = await refusal(url, response);
	return failure ? { failure } : { value: response.body as unknown as ByteStream };
}

/** Posts to the executor and reads its JSON. */
export async function postForJson<T>(caller: Caller, path: string, body: IDataObject): Promise<Answer<T>> {
	// The PBX may take its time to answer a search; nothing is sent on the way until then.
	const answer = await post(caller, path, body, { Accept: 'application/json' }, 120_000);
	if (answer.failure) return answer;
	const url = await addressOf(caller);
	try {
		return { value: JSON.parse(await textOf(answer.value)) as T };
	} catch (error) {
		return { failure: error instanceof SyntaxError ? foreign(url) : brokenFailure(url, error) };
	}
}

/** Why an answer cannot be used: not an executor's, of another contract, or a refusal in its words. */
async function refusal(url: string, response: IN8nHttpFullResponse): Promise<Failure | undefined> {
	const stream = response.body as unknown as ByteStream;
	if (response.statusCode >= 500 && response.headers['threecx-contract'] === undefined) {
		stream.destroy();
		return proxyFailure(url, response.statusCode);
	}
	const different = contractFailure(url, response.headers);
	if (different) {
		stream.destroy();
		return different;
	}
	if (response.statusCode < 400) return undefined;
	try {
		return problemFailure(url, response.statusCode, await textOf(stream));
	} catch (error) {
		return brokenFailure(url, error);
	}
}

/** What is wrong when the answer is not of an executor, or of one of another contract; undefined when all is well. */
export function contractFailure(url: string, headers: IDataObject): Failure | undefined {
	const told = headers['threecx-contract'];
	if (told === undefined) return foreign(url);
	const theirs = Number(told);
	if (theirs === CONTRACT) return undefined;
	const description =
		theirs > CONTRACT
			? 'Update the package n8n-nodes-threecx in n8n (Settings > Community nodes)'
			: 'Upgrade the executor: pip install --upgrade threecx-node';
	return {
		message: `The executor at ${url} speaks version ${String(told)} of the contract, this node version ${CONTRACT}`,
		description,
		sent: false,
	};
}

/** Something between n8n and the executor gave up on it: what had been handed on may have been carried out. */
export function proxyFailure(url: string, status: number): Failure {
	return {
		message: `What stands in front of the executor at ${url} answered ${status} in its place`,
		description: `${LOOK}. Look whether the executor runs, and how long the proxy waits for it`,
		httpCode: String(status),
		sent: true,
	};
}

/** The words of a refused call (RFC 9457), or that it was no executor's. */
export function problemFailure(url: string, status: number, text: string): Failure {
	let problem: Problem;
	try {
		problem = JSON.parse(text) as Problem;
	} catch {
		return foreign(url);
	}
	const message = problem.detail || problem.title || `The executor at ${url} answered ${status}`;
	const advice = problem.code === 'executor_key' ? 'Put the key of the executor into the credential' : '';
	return { message, description: problem.description || advice, httpCode: String(status), sent: status >= 500 };
}

/** Why no answer came at all, from whatever n8n's helper threw. */
export function connectionFailure(url: string, error: unknown): Failure {
	const codes = codesOf(error);
	if (codes.some((code) => NOT_RUNNING.has(code))) {
		return {
			message: `The executor at ${url} is not running. ${START}`,
			description:
				'For this machine alone it may go without a key: threecx serve --without-key. ' +
				'If it runs on another machine, put its address into the credential',
			sent: false,
		};
	}
	const untrusted = codes.find((code) => NO_TLS.test(code));
	if (untrusted !== undefined) {
		return {
			message: `No TLS with the executor at ${url} (${untrusted})`,
			description:
				'threecx serve itself is called by http://. Where a proxy in front of it has a certificate of your own, ' +
				'let n8n trust that one by NODE_EXTRA_CA_CERTS',
			sent: false,
		};
	}
	if (codes.includes('ERR_INVALID_URL')) {
		const description = 'Put it into the credential like http://127.0.0.1:8765';
		return { message: `The executor URL ${url} cannot be read`, description, sent: false };
	}
	if (codes.some((code) => TIMED_OUT.has(code))) return silent(url);
	const words = error instanceof Error ? error.message : String(error);
	return {
		message: `The connection to the executor at ${url} broke`,
		description: `${LOOK} (${codes[0] ?? words})`,
		sent: true,
	};
}

/** Why an answer that had begun did not end. */
export function brokenFailure(url: string, error?: unknown): Failure {
	if (error instanceof SilenceError || codesOf(error).some((code) => TIMED_OUT.has(code))) return silent(url);
	return {
		message: `The executor at ${url} stopped in the middle of a batch`,
		description: LOOK,
		sent: true,
	};
}

function silent(url: string): Failure {
	return {
		message: `The executor at ${url} stopped answering`,
		description: LOOK,
		sent: true,
	};
}

function foreign(url: string): Failure {
	return {
		message: `What answers at ${url} is no threecx executor`,
		description: `Check the executor URL in the credential. ${START}`,
		sent: false,
	};
}

// n8n wraps what axios threw, more or less deeply; the word for the cause is in one of these places.
function codesOf(error: unknown): string[] {
	const found: string[] = [];
	let each: unknown = error;
	for (let depth = 0; depth < 6 && each && typeof each === 'object'; depth += 1) {
		const { code, httpCode, errors, cause, errorResponse } = each as Record<string, unknown>;
		for (const word of [code, httpCode]) if (typeof word === 'string') found.push(word);
		each = cause ?? errorResponse ?? (Array.isArray(errors) ? errors[0] : undefined);
	}
	const message = error instanceof Error ? error.message : '';
	return [...found, ...(message.match(/\bE[A-Z]{4,}\b/g) ?? [])];
}
