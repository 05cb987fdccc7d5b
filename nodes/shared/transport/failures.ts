/** Describes why a call to the executor failed: what happened, how to solve it, and whether anything was sent to the PBX. */
import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INode,
	type JsonObject,
} from 'n8n-workflow';

import { CONTRACT_HEADER, CONTRACT_VERSION, type ProblemDetails } from './contract';
import { IdleTimeoutError } from './ndjson';

/** The texts of an error, named as n8n's error classes name them. */
export interface ErrorDetails {
	message: string;
	description: string;
	httpCode?: string;
	/** The executor's code, which is 3CX's own where it sent one. */
	code?: string;
}

export interface ExecutorFailure extends ErrorDetails {
	/** Whether the PBX may have carried out some of the call. */
	outcomeUnknown: boolean;
}

const START_COMMAND = 'threecx serve --key-file FILE';
const CHECK_OUTCOME = 'Check the executor log, and check the PBX for what was carried out, before running this again';

/** Codes of a batch that the executor has already: a proxy on the way sent the call twice. */
const BATCH_CODES = new Set(['batch_exists', 'batch_running']);
/** Code of a batch that was not started, because it could not be recorded. */
const NOT_RECORDED = 'journal';

const UNREACHABLE_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
// TLS comes first: with one of these codes, no byte of the request was sent.
const TLS_CODE = /CERT|^UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$/;
// n8n's protection against requests to private addresses, which n8n 3 switches on.
const BLOCKED_NAME = /^SsrfBlocked/;
const TIMEOUT_CODES = new Set(['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT']);

/** Build the error of a refused or failed call. */
export function createApiError(node: INode, details: ErrorDetails, itemIndex?: number): NodeApiError {
	const { message, description, httpCode, code } = details;
	const error = new NodeApiError(node, { message } as JsonObject, { message, description, httpCode, itemIndex });
	if (code !== undefined) error.context.code = code;
	return keepMessage(error, message);
}

/** Build the error of a node that is set up wrongly. */
export function createOperationError(node: INode, { message, description }: ErrorDetails): NodeOperationError {
	return keepMessage(new NodeOperationError(node, message, { description }), message);
}

// n8n looks for codes such as EACCES anywhere in a message, "RemoteAccess" included, and replaces the message.
function keepMessage<T extends NodeApiError | NodeOperationError>(error: T, message: string): T {
	error.message = message;
	error.messages = [];
	return error;
}

/** Return why a response does not come from an executor of this contract version, or undefined where it does. */
export function checkContract(url: string, headers: IDataObject): ExecutorFailure | undefined {
	const version = headers[CONTRACT_HEADER];
	if (version === undefined) return createForeignServerFailure(url);
	if (Number(version) === CONTRACT_VERSION) return undefined;
	const description =
		Number(version) > CONTRACT_VERSION
			? 'Update the package n8n-nodes-threecx in n8n (Settings > Community nodes)'
			: 'Upgrade the executor: pip install --upgrade threecx-node';
	return {
		message: `The executor at ${url} uses contract version ${String(version)}, but this node uses version ${CONTRACT_VERSION}`,
		description,
		outcomeUnknown: false,
	};
}

/** Return why a redirect is not followed, or undefined for another response: the request contains the executor's key. */
export function checkRedirect(url: string, status: number, headers: IDataObject): ExecutorFailure | undefined {
	const { location } = headers;
	if (status < 300 || status >= 400 || typeof location !== 'string') return undefined;
	const target = URL.canParse(location, url) ? new URL(location, url).href : location;
	return {
		message: `The server at ${url} redirects to ${target.slice(0, 200)}`,
		description:
			'The key and the API key are not sent there. ' +
			'If that is the executor, enter its address (without /v1/…) as the Executor URL in the credential',
		httpCode: String(status),
		outcomeUnknown: false,
	};
}

/** Describe a 5xx that did not come from the executor: the executor may have received the call. */
export function createProxyFailure(url: string, status: number): ExecutorFailure {
	return {
		message: `A proxy in front of the executor at ${url} returned ${status}`,
		description: `${CHECK_OUTCOME}. Check that the executor is running and how long the proxy waits for a response`,
		httpCode: String(status),
		outcomeUnknown: true,
	};
}

/** Describe a refused call in the words of its problem details. */
export function createProblemFailure(url: string, status: number, body: string): ExecutorFailure {
	let problem: ProblemDetails;
	try {
		problem = JSON.parse(body) as ProblemDetails;
	} catch {
		return createForeignServerFailure(url);
	}
	const advice = problem.code === 'executor_key' ? 'Enter the executor key in the credential' : '';
	return {
		message: problem.detail || problem.title || `The executor at ${url} returned ${status}`,
		description: problem.description || advice,
		httpCode: String(status),
		outcomeUnknown: BATCH_CODES.has(problem.code ?? '') || (status >= 500 && problem.code !== NOT_RECORDED),
	};
}

/** Describe why no response arrived, from the error that n8n's HTTP helper threw. */
export function createConnectionFailure(url: string, error: unknown): ExecutorFailure {
	const codes = collectErrorCodes(error);
	if (codes.some((code) => UNREACHABLE_CODES.has(code))) {
		return {
			message: `The executor at ${url} is not running. Start it with: ${START_COMMAND}`,
			description:
				'If only this machine uses the executor, it can run without a key: threecx serve --without-key. ' +
				'If the executor runs on another machine, enter its address as the Executor URL in the credential',
			outcomeUnknown: false,
		};
	}
	const tlsCode = codes.find((code) => TLS_CODE.test(code));
	if (tlsCode !== undefined) {
		return {
			message: `The TLS connection to the executor at ${url} could not be established (${tlsCode})`,
			description:
				'threecx serve itself uses http://. If a proxy in front of it has a private certificate, ' +
				'make n8n trust that certificate with NODE_EXTRA_CA_CERTS',
			outcomeUnknown: false,
		};
	}
	if (listCauses(error).some(({ name }) => BLOCKED_NAME.test(String(name)))) {
		const { hostname } = new URL(url);
		return {
			message: `n8n refuses to send requests to ${hostname}, the address of the executor`,
			description:
				`Add ${hostname} to the variable N8N_SSRF_ALLOWED_HOSTNAMES of n8n (separated by commas), ` +
				'or its network to N8N_SSRF_ALLOWED_IP_RANGES, and restart n8n',
			outcomeUnknown: false,
		};
	}
	if (codes.includes('ERR_INVALID_URL')) {
		return {
			message: `The Executor URL ${url} is not valid`,
			description: 'Enter a URL such as http://127.0.0.1:8765 in the credential',
			outcomeUnknown: false,
		};
	}
	if (codes.some((code) => TIMEOUT_CODES.has(code))) return createTimeoutFailure(url);
	const cause = codes[0] ?? (error instanceof Error ? error.message : String(error));
	return {
		message: `The connection to the executor at ${url} was closed before a response arrived`,
		description: `${CHECK_OUTCOME} (${cause})`,
		outcomeUnknown: true,
	};
}

/** Describe why a response that had begun did not end. */
export function createInterruptedFailure(url: string, error?: unknown): ExecutorFailure {
	const timedOut =
		error instanceof IdleTimeoutError || collectErrorCodes(error).some((code) => TIMEOUT_CODES.has(code));
	if (timedOut) return createTimeoutFailure(url);
	return {
		message: `The executor at ${url} stopped in the middle of a batch`,
		description: CHECK_OUTCOME,
		outcomeUnknown: true,
	};
}

/** Describe a server that is not a threecx executor. */
export function createForeignServerFailure(url: string): ExecutorFailure {
	return {
		message: `The server at ${url} is not a threecx executor`,
		description: `Check the Executor URL in the credential. Start the executor with: ${START_COMMAND}`,
		outcomeUnknown: false,
	};
}

/** Describe a failed call after which the executor reported what it had carried out. */
export function createReportedFailure(failure: ExecutorFailure, isComplete: boolean): ExecutorFailure {
	const description = isComplete
		? 'The executor reported afterwards what became of each item'
		: `The executor reported afterwards what became of the items. ${CHECK_OUTCOME}`;
	return { ...failure, description };
}

function createTimeoutFailure(url: string): ExecutorFailure {
	return {
		message: `The executor at ${url} stopped responding`,
		description: CHECK_OUTCOME,
		outcomeUnknown: true,
	};
}

function collectErrorCodes(error: unknown): string[] {
	return listCauses(error).flatMap(({ code, httpCode }) => [code, httpCode].filter((each) => typeof each === 'string'));
}

// n8n wraps the error of axios one or more times; the cause is in one of these members.
function listCauses(error: unknown): Array<Record<string, unknown>> {
	const causes: Array<Record<string, unknown>> = [];
	let current: unknown = error;
	while (causes.length < 6 && current && typeof current === 'object') {
		const { errors, cause, errorResponse } = current as Record<string, unknown>;
		causes.push(current as Record<string, unknown>);
		current = cause ?? errorResponse ?? (Array.isArray(errors) ? errors[0] : undefined);
	}
	return causes;
}
