/** Creates, checks and removes the trigger's subscription when n8n activates and deactivates a workflow. */
import { randomBytes } from 'node:crypto';

import { sleep, type IDataObject, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { loadExecutorUrl } from '../shared/transport/executor';
import { createApiError, createOperationError } from '../shared/transport/failures';
import { getTriggerKey, listenAgain } from './handledEvents';
import { checkReachability } from './reachability';
import { readSettings, type SubscriptionSettings } from './settings';
import {
	addSubscription,
	findSubscription,
	listSubscriptionsTo,
	removeSubscription,
	resumeSubscription,
	sendTest,
	type EventProblem,
	type Subscription,
} from './subscriptions';

/** The part of the node's static data that describes its subscription. */
interface StoredSubscription extends IDataObject {
	subscriptionId: string;
	/** Signs the deliveries. */
	secret: string;
	/** Settings and PBX of the subscription, to notice a change. */
	fingerprint: string;
	/** n8n and the webhook to which it belongs, with n8n's address. */
	owner: string;
}

/** Milliseconds that n8n's editor is given to begin listening before a sample is sent. */
export const SAMPLE_TIMES = { delay: 500 };

/** Activations of workflows that were active before. */
const STARTS: ReadonlySet<string> = new Set(['init', 'leadershipChange']);

/**
 * Webhooks of this process whose last activation failed. n8n then calls `delete`, but it tries the activation again: the
 * subscription of an earlier activation stays with the events that wait in it.
 */
const failedActivations = new Set<string>();

/** Secrets of subscriptions of this process that n8n has not stored yet; it stores static data only after `create`. */
const newSecrets = new Map<string, string>();

/** Return the secrets with which deliveries to the trigger may be signed. */
export function getSecrets(context: IWebhookFunctions): unknown[] {
	return [newSecrets.get(getTriggerKey(context)), context.getWorkflowStaticData('node').secret];
}

/** Return whether the executor has the subscription that the parameters and the credential describe. */
export async function checkSubscription(context: IHookFunctions): Promise<boolean> {
	return await noteFailure(context, async () => {
		const stored = context.getWorkflowStaticData('node') as Partial<StoredSubscription>;
		const { subscriptionId, fingerprint } = stored;
		if (!subscriptionId || fingerprint !== (await getFingerprint(context, readSettings(context)))) return false;
		const { subscription, failure } = await findSubscription(context, subscriptionId);
		if (subscription) return await reuseSubscription(context, subscription);
		if (!failure) return false;
		// n8n may start before the executor: without an answer, the subscription is as it was.
		const isAnswered = failure.httpCode !== undefined && Number(failure.httpCode) < 500;
		if (isAnswered || !STARTS.has(context.getActivationMode())) throw createApiError(context.getNode(), failure);
		context.logger.warn(`3CX Trigger: ${failure.message}. The subscription was not checked`);
		return true;
	});
}

/** Return whether a subscription can go on; one that was parked while n8n was down is resumed with its events. */
async function reuseSubscription(context: IHookFunctions, subscription: Subscription): Promise<boolean> {
	// The client may have got the right, or the credential another API key: a new subscription shows that.
	if (findFinalProblem(subscription)) return false;
	if (subscription.state === 'active') return true;
	await checkReachability(context, subscription.id, subscription.url, true);
	await resumeSubscription(context, subscription.id);
	return true;
}

/** Create the subscription, and check that the executor reaches n8n. Throws NodeApiError or NodeOperationError. */
export async function createSubscription(context: IHookFunctions): Promise<boolean> {
	return await noteFailure(context, async () => await replaceSubscription(context));
}

async function replaceSubscription(context: IHookFunctions): Promise<boolean> {
	const staticData = context.getWorkflowStaticData('node');
	const before = { ...staticData } as Partial<StoredSubscription>;
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
		await checkReachability(context, created.id, settings.url, before.secret !== undefined);
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
	warnOfOther(context, before, replaced);
	const { sendSample } = context.getNodeParameter('options', {}) as IDataObject;
	if (sendSample === true && context.getMode() === 'manual') void sendSampleSoon(context, created.id, settings.events[0]);
	return true;
}

/** Remove the subscription; a failure is logged, since a workflow can be deactivated while the executor is down. */
export async function deleteSubscription(context: IHookFunctions): Promise<boolean> {
	const staticData = context.getWorkflowStaticData('node');
	const { subscriptionId, secret, owner } = staticData as Partial<StoredSubscription>;
	if (failedActivations.delete(getOwner(context))) return true;
	// A test begins with the static data of the published workflow, whose subscription stays when the test ends.
	if (!subscriptionId || owner !== getOwner(context)) return true;
	const isRemoved = await removeQuietly(context, subscriptionId);
	// The events that it has handled stay: a new subscription gets no older ones, but the executor may repeat the last.
	for (const name of ['subscriptionId', 'secret', 'fingerprint', 'owner']) delete staticData[name];
	for (const [key, each] of newSecrets) if (each === secret) newSecrets.delete(key);
	return isRemoved;
}

/** Refuse a subscription of which no event can come; problems of some events are logged, and shown in the editor. */
function checkProblems(context: IHookFunctions, subscription: Subscription): void {
	for (const { events, message } of subscription.problems ?? []) {
		context.logger.warn(`3CX Trigger: ${events.join(', ')}: ${message}`);
	}
	const problem = findFinalProblem(subscription);
	if (!problem) return;
	const { message, advice = '' } = problem;
	throw createOperationError(context.getNode(), { message, description: advice });
}

/** Return the first problem of a subscription of which no event can come, or undefined. */
function findFinalProblem({ events, problems = [] }: Subscription): EventProblem | undefined {
	const final = problems.filter(({ isFinal }) => isFinal);
	const missing = new Set(final.flatMap((each) => each.events));
	return events.every((each) => missing.has(each)) ? final[0] : undefined;
}

/** Run a part of an activation, and remember whether it failed. */
async function noteFailure<T>(context: IHookFunctions, activate: () => Promise<T>): Promise<T> {
	const owner = getOwner(context);
	failedActivations.add(owner);
	const result = await activate();
	failedActivations.delete(owner);
	return result;
}

/** Name a subscription that is not removed, since another n8n may have it: static data comes with a copied workflow. */
function warnOfOther(context: IHookFunctions, { subscriptionId, owner }: Partial<StoredSubscription>, replaced: string[]): void {
	if (!subscriptionId || replaced.includes(subscriptionId) || owner === getOwner(context)) return;
	context.logger.warn(
		`3CX Trigger: the subscription ${subscriptionId} to another address of n8n was not removed. ` +
			`If no other n8n uses it: threecx subscriptions remove ${subscriptionId}`,
	);
}

async function getFingerprint(context: IHookFunctions, settings: SubscriptionSettings): Promise<string> {
	const { connection, profile, baseUrl, clientId } = await context.getCredentials('threeCxApi');
	const pbx = connection === 'profile' ? { profile } : { baseUrl, clientId };
	return JSON.stringify([settings, pbx, await loadExecutorUrl(context), getOwner(context)]);
}

// Static data may come with a workflow from another n8n, which has a subscription of its own. A copy of an n8n has its
// instance ID, but another address; and a test of a workflow has another path.
function getOwner(context: IHookFunctions): string {
	return `${context.getInstanceId()} ${context.getNodeWebhookUrl('default') ?? ''}`;
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
