/** Handles a delivery of the executor: checks its signature, and starts the workflow once for each event. */
import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { findEventType } from './eventTypes';
import { getTriggerKey, isFirstOfTest, recordEvent, takeTurn } from './handledEvents';
import { getSecrets } from './lifecycle';
import { NO_SUBSCRIPTION, NOT_SIGNED } from './reachability';
import { findSignatureProblem, UNSUBSCRIBED } from './signature';
import { simplifyEvent } from './simplify';

/** Start of the ID of a delivery that is only a test. */
const TEST_PREFIX = 'test_';

/** Handle a delivery. An error that is thrown here would start the workflow, so every problem is a response. */
export async function receiveDelivery(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const request = context.getRequestObject();
	const response = context.getResponseObject();
	const id = String(request.headers['webhook-id'] ?? '');
	const problem = findProblem(context, id, request.rawBody ?? Buffer.alloc(0));
	if (problem) {
		response.status(problem === UNSUBSCRIBED ? NO_SUBSCRIPTION : NOT_SIGNED).json({ message: problem });
		return { noWebhookResponse: true };
	}
	const event = context.getBodyData();
	const isManual = context.getMode() === 'manual';
	const isEvent = findEventType(event.type) !== undefined && typeof event.id === 'string';
	// A sample starts the workflow only where a person listens for a test event.
	if (!isEvent || (id.startsWith(TEST_PREFIX) && !isManual)) return respond('The test delivery arrived');
	const trigger = getTriggerKey(context);
	if (isManual) return isFirstOfTest(trigger) ? start(context, event) : respond('The test has its event already');
	await takeTurn(trigger, response);
	// The executor has given up meanwhile, and repeats the delivery.
	if (response.destroyed) return { noWebhookResponse: true };
	const isNew = recordEvent(trigger, context.getWorkflowStaticData('node'), String(event.id), response);
	return isNew ? start(context, event) : respond('The event has started the workflow already');
}

function findProblem(context: IWebhookFunctions, id: string, body: Uint8Array): string | undefined {
	const { headers } = context.getRequestObject();
	const timestamp = String(headers['webhook-timestamp'] ?? '');
	const signature = String(headers['webhook-signature'] ?? '');
	const problems = getSecrets(context).map((secret) =>
		findSignatureProblem({ id, timestamp, signature, body }, secret, Date.now()),
	);
	return problems.every((each) => each !== undefined) ? problems.at(-1) : undefined;
}

function start(context: IWebhookFunctions, event: IDataObject): IWebhookResponseData {
	const json = context.getNodeParameter('simplify', true) === true ? simplifyEvent(event) : event;
	return { workflowData: [[{ json }]] };
}

function respond(message: string): IWebhookResponseData {
	return { webhookResponse: { message } };
}
