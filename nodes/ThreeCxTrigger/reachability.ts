/** Checks at activation that the executor reaches n8n, and says what to change where it does not. */
import type { IHookFunctions } from 'n8n-workflow';

import { loadExecutorUrl } from '../shared/transport/executor';
import { createOperationError, type ErrorDetails } from '../shared/transport/failures';
import { sendTest, type TestDelivery } from './subscriptions';

const LOCAL_HOSTS = /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/i;
/** The trigger answers so where n8n has stored no secret for it. */
export const NO_SUBSCRIPTION = 409;
/** The trigger answers so where n8n has stored the secret of another subscription. */
export const NOT_SIGNED = 401;

/**
 * Let the executor send a test delivery to n8n. Throws NodeOperationError with advice where n8n is not reached.
 *
 * Another process of this n8n may receive it, which does not know the new secret before n8n has stored it. That process
 * has the secret of an earlier subscription exactly where this one has it (`hasSecret`); otherwise it is another n8n.
 */
export async function checkReachability(context: IHookFunctions, id: string, url: string, hasSecret: boolean): Promise<void> {
	const test = await sendTest(context, id);
	if (test.delivered || test.statusCode === (hasSecret ? NOT_SIGNED : NO_SUBSCRIPTION)) return;
	const executorUrl = await loadExecutorUrl(context);
	throw createOperationError(context.getNode(), describeUnreachable(url, executorUrl, test));
}

/** Describe why the executor does not reach n8n at `url`. */
export function describeUnreachable(url: string, executorUrl: string, test: TestDelivery): ErrorDetails {
	const { origin } = new URL(url);
	const reason = test.problem || (test.statusCode ? `the server there returned ${test.statusCode}` : 'no response');
	const advice = isLocal(url) && test.statusCode === undefined ? describeLocal(origin, executorUrl) : describeRemote(origin, test);
	return {
		message: `The executor at ${executorUrl} does not reach n8n at ${origin}: ${reason.replace(/\.$/, '')}`,
		description: [advice, test.advice].filter(Boolean).join(' '),
	};
}

function describeLocal(origin: string, executorUrl: string): string {
	const remedy =
		'Set WEBHOOK_URL of n8n, or the option "N8n URL" of this node, to an address of n8n that the executor reaches';
	const { port } = new URL(origin);
	const example = `such as http://n8n:${port || '5678'} (the name of n8n's container) or http://host.docker.internal:${port || '5678'}`;
	return isLocal(executorUrl)
		? `${origin} is the address of the machine or container on which the executor itself runs. If n8n runs in a container, publish its port ${port}, or: ${remedy}, ${example}.`
		: `n8n does not know its own address, so it uses ${origin}; for the executor, which runs elsewhere, that is another machine. ${remedy}, ${example}.`;
}

function describeRemote(origin: string, { statusCode }: TestDelivery): string {
	if (statusCode === NOT_SIGNED || statusCode === NO_SUBSCRIPTION || statusCode === 404) {
		return (
			`Another server answers at ${origin}: another n8n, for example one of which this n8n is a copy, or a proxy that requires a login. ` +
			'Set WEBHOOK_URL of this n8n, or the option "N8n URL" of this node, to an address that leads to this n8n.'
		);
	}
	if (statusCode !== undefined) {
		return (
			`Another server than n8n answers at ${origin}, such as a proxy that requires a login. ` +
			'Let it pass requests to /webhook/ and /webhook-test/, or set the option "N8n URL" of this node to an address that leads to n8n directly.'
		);
	}
	return (
		`Check that this address leads from the machine of the executor to n8n (WEBHOOK_URL of n8n). ` +
		'If the executor reaches n8n at another address, such as http://n8n:5678 between containers, set the option "N8n URL" of this node.'
	);
}

function isLocal(url: string): boolean {
	return URL.canParse(url) && LOCAL_HOSTS.test(new URL(url).hostname);
}
