import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IDataObject,
	IHttpRequestOptions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import { getExecutorUrl, signRequest } from '../../../credentials/executorRequest';
import {
	checkContract,
	checkRedirect,
	createConnectionFailure,
	createProblemFailure,
	type ErrorDetails,
} from '../transport/failures';

/** Milliseconds for the PBX's login. */
const CHECK_TIMEOUT = 60_000;

/** A response as n8n's `request` helper returns it for `resolveWithFullResponse`. */
interface FullResponse {
	statusCode: number;
	headers: IDataObject;
	body: string;
}

interface CheckResponse {
	ok: boolean;
	message: string;
	description?: string;
}

/**
 * Log in to the PBX through the executor and return the result for the credential's dialog.
 *
 * A function instead of a declarative test request, because n8n displays only a status or "ECONNREFUSED" for that.
 */
export async function testThreeCx(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const data = (credential.data ?? {}) as ICredentialDataDecryptedObject;
	const url = getExecutorUrl(data as IDataObject);
	// n8n gives a credential test no other HTTP helper.
	const { request: send } = this.helpers;
	let response: FullResponse;
	try {
		response = (await send(createCheckRequest(data))) as FullResponse;
	} catch (error) {
		return createErrorResult(createConnectionFailure(url, error));
	}
	const { statusCode, headers, body } = response;
	const failure = checkRedirect(url, statusCode, headers) ?? checkContract(url, headers);
	if (failure) return createErrorResult(failure);
	if (statusCode >= 400) return createErrorResult(createProblemFailure(url, statusCode, body));
	const { ok, message, description = '' } = JSON.parse(body) as CheckResponse;
	return ok ? { status: 'OK', message } : createErrorResult({ message, description });
}

function createCheckRequest(data: ICredentialDataDecryptedObject): IDataObject {
	const options: IHttpRequestOptions = { method: 'POST', url: '/v1/check', body: {} };
	const { url, baseURL, body, ...signed } = signRequest(data, options);
	return {
		...signed,
		uri: `${baseURL}${url}`,
		body: JSON.stringify(body),
		resolveWithFullResponse: true,
		simple: false,
		timeout: CHECK_TIMEOUT,
	};
}

function createErrorResult({ message, description }: ErrorDetails): INodeCredentialTestResult {
	return { status: 'Error', message: description ? `${message.replace(/\.$/, '')}. ${description}` : message };
}
