/** Creates, checks and removes the trigger's subscription when n8n activates and deactivates a workflow. */
import { randomBytes } from 'node:crypto';

import { sleep, type IDataObject, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { loadExecutorUrl } from '../ThreeCx/transport/executor';
import { createApiError, createOperationError } from '../ThreeCx/transport/failures';
import { getTriggerKey, listenAgain } from './handledEvents';
import { checkReachability } from './reachability';
import { readSettings, type SubscriptionSettings } from './settings';
import {
	addSubscription,
	findSubscription,
	listSubscriptionsTo,
	removeSubscription,
	sendTest,
	type Subscription,
} from './subscriptions';

/** The part of the node's static data that describes its subscription. */
interface StoredSubscription extends IDataObject {
	subscriptionId: string;
	/** Signs the deliveries. */
	secret: string;
	/** Settings and PBX of the subscription, to notice a change. */
	fingerprint: string;
	/** n8n and the webhook to which it belongs. */
	owner: string;
}

/** Milliseconds that n8n's editor is given to begin listening before a sample is sent. */
export const SAMPLE_TIMES = { delay: 500 };

/** Activations of workflows that were active before. */
const STARTS: ReadonlySet<string> = new Set(['init', 'leadershipChange']);

/** Secrets of subscriptions of this process that n8n has not stored yet; it stores static data only after `create`. */
const newSecrets = new Map<string, string>();

/** Return the secrets with which deliveries to the trigger may be signed. */
export function getSecrets(context: IWebhookFunctions): unknown[] {
	return [newSecrets.get(getTriggerKey(context)), context.getWorkflowStaticData('node').secret];
}

/** Return whether the executor has the subscription that the parameters and the credential describe. */
export async function checkSubscription(context: IHookFunctions): Promise<boolean> {
	const { subscriptionId, fingerprint } = context.getWorkflowStaticData('node') as Partial<StoredSubscription>;
	if (!subscriptionId || fingerprint !== (await getFingerprint(context, readSettings(context)))) return false;
	const { subscription, failure } = await findSubscription(context, subscriptionId);
	if (failure) {
		// n8n may start before the executor: without an answer, the subscription is as it was.
		const isAnswered = failure.httpCode !== undefined && Number(failure.httpCode) < 500;
		if (isAnswered || !STARTS.has(context.getActivationMode())) throw createApiError(context.getNode(), failure);
		context.logger.warn(`3CX Trigger: ${failure.message}. The subscription was not checked`);
		return true;
	}
	return subscription?.state === 'active';
}

/** Create the subscription, and check that the executor reaches n8n. Throws NodeApiError or NodeOperationError. */
export async function createSubscription(context: IHookFunctions): Promise<boolean> {
	const staticData = context.getWorkflowStaticData('node');
	const settings = readSettings(context);
	// Also those that an earlier activation could not remove, or whose creation had no response.
	const replaced = await listSubscriptionsTo(context, settings.url);
	const secret = `whsec_${randomBytes(32).toString('base64')}`;
	const key = getTriggerKey(context);
	if (context.getMode() === 'manual') listenAgain(key);
	newSecrets.set(key, secret);
	const created = await addSubscription(context, {
		...settings,
		secret,
		// See handledEvents.ts.
		concurrency: 1,
		description: `n8n: ${context.getWorkflow().name ?? ''}`.slice(0, 200),
	});
	let isComplete = false;
	try {
		checkProblems(context, created);
		await checkReachability(context, created.id, settings.url);
		isComplete = true;
	} finally {
		if (!isComplete) {
			newSecrets.delete(key);
			await removeQuietly(context, created.id);
		}
	}
	const fingerprint = await getFingerprint(context, settings);
	const stored: StoredSubscription = { subscriptionId: created.id, secret, fingerprint, owner: getOwner(context) };
	Object.assign(staticData, stored);
	for (const id of replaced) await removeQuietly(context, id);
	const { sendSample } = context.getNodeParameter('options', {}) as IDataObject;
	if (sendSample === true && context.getMode() === 'manual') void sendSampleSoon(context, created.id, settings.events[0]);
	return true;
}

/** Remove the subscription; a failure is logged, since a workflow can be deactivated while the executor is down. */
export async function deleteSubscription(context: IHookFunctions): Promise<boolean> {
	const staticData = context.getWorkflowStaticData('node');
	const { subscriptionId, secret, owner } = staticData as Partial<StoredSubscription>;
	// A test begins with the static data of the published workflow, whose subscription stays when the test ends.
	if (!subscriptionId || owner !== getOwner(context)) return true;
	const isRemoved = await removeQuietly(context, subscriptionId);
	// The events that it has handled stay: a new subscription gets no older ones, but the executor may repeat the last.
	for (const name of ['subscriptionId', 'secret', 'fingerprint', 'owner']) delete staticData[name];
	for (const [key, each] of newSecrets) if (each === secret) newSecrets.delete(key);
	return isRemoved;
}

/** Refuse a subscription of which no event can come; problems of some events are logged, and shown in the editor. */
function checkProblems(context: IHookFunctions, { events, problems = [] }: Subscription): void {
	for (const { events: names, message } of problems) {
		context.logger.warn(`3CX Trigger: ${names.join(', ')}: ${message}`);
	}
	const missing = new Set(problems.filter(({ isFinal }) => isFinal).flatMap((each) => each.events));
	const [first] = problems;
	if (first && events.every((each) => missing.has(each))) {
		const { message, advice = '' } = first;
		throw createOperationError(context.getNode(), { message, description: advice });
	}
}

async function getFingerprint(context: IHookFunctions, settings: SubscriptionSettings): Promise<string> {
	const { connection, profile, baseUrl, clientId } = await context.getCredentials('threeCxApi');
	const pbx = connection === 'profile' ? { profile } : { baseUrl, clientId };
	return JSON.stringify([settings, pbx, await loadExecutorUrl(context), getOwner(context)]);
}

// Static data may come with a workflow from another n8n, which has a subscription of its own.
function getOwner(context: IHookFunctions): string {
	const { pathname } = new URL(context.getNodeWebhookUrl('default') ?? '');
	return `${context.getInstanceId()}${pathname}`;
}

async function removeQuietly(context: IHookFunctions, id: string): Promise<boolean> {
	try {
		await removeSubscription(context, id);
		return true;
	} catch (error) {
		context.logger.warn(`3CX Trigger: the subscription ${id} was not removed: ${(error as Error).message}`);
		return false;
	}
}

async function sendSampleSoon(context: IHookFunctions, id: string, event: string | undefined): Promise<void> {
	await sleep(SAMPLE_TIMES.delay);
	try {
		await sendTest(context, id, event);
	} catch (error) {
		context.logger.warn(`3CX Trigger: the sample was not sent: ${(error as Error).message}`);
	}
}
