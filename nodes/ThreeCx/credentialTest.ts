import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IDataObject,
	IHttpRequestOptions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import { executorAddress, ThreeCxApi } from '../../credentials/ThreeCxApi.credentials';
import { connectionFailure, contractFailure, type Failure, problemFailure } from './executor';

interface Answer {
	statusCode: number;
	headers: IDataObject;
	body: string;
}

interface Check {
	ok: boolean;
	message: string;
	description?: string;
}

/**
 * Logs in through the executor and tells what it says, with what to do about it.
 *
 * A function and not a test request, because n8n would show only a status or "ECONNREFUSED" of that.
 */
export async function testThreeCx(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const data = (credential.data ?? {}) as ICredentialDataDecryptedObject;
	const url = executorAddress(data as IDataObject);
	// The only way of sending that n8n gives to such a function.
	const { request: send } = this.helpers;
	let answer: Answer;
	try {
		answer = (await send(await requestFor(data))) as Answer;
	} catch (error) {
		return refused(connectionFailure(url, error));
	}
	const wrong = contractFailure(url, answer.headers);
	if (wrong) return refused(wrong);
	if (answer.statusCode >= 400) return refused(problemFailure(url, answer.statusCode, answer.body));
	const check = JSON.parse(answer.body) as Check;
	return check.ok
		? { status: 'OK', message: check.message }
		: refused({ message: check.message, description: check.description ?? '' });
}

async function requestFor(data: ICredentialDataDecryptedObject): Promise<IDataObject> {
	const options: IHttpRequestOptions = { method: 'POST', url: '/v1/check', body: {} };
	const { authenticate } = new ThreeCxApi();
	const ready = typeof authenticate === 'function' ? await authenticate(data, options) : options;
	return {
		method: 'POST',
		uri: `${ready.baseURL}/v1/check`,
		headers: ready.headers as IDataObject,
		body: JSON.stringify(ready.body),
		resolveWithFullResponse: true,
		simple: false,
		timeout: 60_000,
	};
}

function refused({ message, description }: Pick<Failure, 'message' | 'description'>): INodeCredentialTestResult {
	return { status: 'Error', message: description ? `${message.replace(/\.$/, '')}. ${description}` : message };
}
