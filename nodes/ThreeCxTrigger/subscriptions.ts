/** Calls the executor's API of subscriptions. */
import type { IDataObject, IHookFunctions } from 'n8n-workflow';

import { get, readJson, remove, requestJson } from '../shared/transport/executor';
import { createApiError, type ExecutorFailure } from '../shared/transport/failures';

/** Milliseconds for a look at a subscription. */
const TIMEOUT = 30_000;
const PATH = '/v1/subscriptions';

/** Why some of the events of a subscription do not come. */
export interface EventProblem {
	events: string[];
	code: string;
	message: string;
	advice?: string;
	/** Whether these events come only after an administrator has changed something. */
	isFinal?: boolean;
}

export interface Subscription {
	id: string;
	events: string[];
	url: string;
	state: 'active' | 'parked';
	stateReason?: string;
	problems?: EventProblem[];
}

/** The result of a test delivery. */
export interface TestDelivery {
	delivered: boolean;
	/** Status of the response, where one arrived. */
	statusCode?: number;
	problem?: string;
	advice?: string;
}

/** Create a subscription. Throws NodeApiError with the executor's reason. */
export async function addSubscription(context: IHookFunctions, body: IDataObject): Promise<Subscription> {
	return await requestJson<Subscription>(context, PATH, body);
}

/** Return a subscription, nothing where the executor has none with this ID, or why it is not known. */
export async function findSubscription(
	context: IHookFunctions,
	id: string,
): Promise<{ subscription?: Subscription; failure?: ExecutorFailure }> {
	const response = await get(context, `${PATH}/${encodeURIComponent(id)}`, TIMEOUT);
	if (response.failure?.httpCode === '404') return {};
	if (response.failure) return { failure: response.failure };
	return { subscription: await readJson<Subscription>(context, response) };
}

/** Return the IDs of all subscriptions that deliver to a URL. Throws NodeApiError. */
export async function listSubscriptionsTo(context: IHookFunctions, url: string): Promise<string[]> {
	const response = await get(context, PATH, TIMEOUT);
	const { subscriptions } = await readJson<{ subscriptions: Subscription[] }>(context, response);
	return subscriptions.filter((each) => each.url === url).map(({ id }) => id);
}

/** Remove a subscription, if it still exists. Throws NodeApiError. */
export async function removeSubscription(context: IHookFunctions, id: string): Promise<void> {
	const failure = await remove(context, `${PATH}/${encodeURIComponent(id)}`, TIMEOUT);
	if (failure && failure.httpCode !== '404') throw createApiError(context.getNode(), failure);
}

/** Let the executor deliver again to a parked subscription, with the events that wait. Throws NodeApiError. */
export async function resumeSubscription(context: IHookFunctions, id: string): Promise<void> {
	await requestJson<Subscription>(context, `${PATH}/${encodeURIComponent(id)}/resume`, {});
}

/** Let the executor send a test delivery, or (`event`) a sample of that type. Throws NodeApiError. */
export async function sendTest(context: IHookFunctions, id: string, event?: string): Promise<TestDelivery> {
	return await requestJson<TestDelivery>(context, `${PATH}/${encodeURIComponent(id)}/test`, event ? { event } : {});
}
