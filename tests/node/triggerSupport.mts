/** Fakes for the trigger: an executor with subscriptions, and what n8n gives to a trigger and to its webhook. */
import { createHmac } from 'node:crypto';
import { EventEmitter } from 'node:events';

import type { IDataObject, IHookFunctions, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { EVENT_TYPES } from '../../nodes/ThreeCxTrigger/eventTypes';
import { ThreeCxPhoneSystemTrigger } from '../../nodes/ThreeCxPhoneSystem/ThreeCxPhoneSystemTrigger.node';
import { type Call, createContext, type FakeExecutor, HEADERS, startExecutor } from './support.mts';

export const WEBHOOK_URL = 'http://n8n.test:5678/webhook/0c5d/webhook';

export interface Subscriptions extends FakeExecutor {
	/** Subscriptions by ID. */
	stored: Map<string, IDataObject>;
}

interface SubscriptionsOptions {
	/** Members of the response to a creation. */
	created?: IDataObject;
	/** The response to a test. */
	test?: IDataObject;
	/** Return a status and problem for a call that is refused. */
	refuse?: (call: Call) => [number, IDataObject] | undefined;
}

/** Start an executor that stores subscriptions; it stops with the test. */
export async function startSubscriptions(options: SubscriptionsOptions = {}): Promise<Subscriptions> {
	const stored = new Map<string, IDataObject>();
	let number = 0;
	const server = await startExecutor((response, call) => {
		const send = (status: number, body?: IDataObject) => {
			response.writeHead(status, { ...HEADERS, 'Content-Type': 'application/json' });
			response.end(body && JSON.stringify(body));
		};
		const [id = '', action] = call.path.replace(/^\/v1\/subscriptions\/?/, '').split('/');
		const refused = options.refuse?.(call);
		if (refused) return send(...refused);
		if (call.method === 'POST' && !id) {
			number += 1;
			const { pbx: _pbx, secret: _secret, ...visible } = call.body as IDataObject;
			const made = { ...visible, id: `s${number}`, state: 'active', problems: [], ...options.created };
			stored.set(made.id, made);
			return send(201, made);
		}
		if (!id) return send(200, { subscriptions: [...stored.values()] });
		const found = stored.get(id);
		if (!found) return send(404, { detail: 'The subscription does not exist', status: 404 });
		if (action === 'test') return send(200, options.test ?? { delivered: true, statusCode: 200 });
		if (action === 'resume') found.state = 'active';
		if (call.method !== 'DELETE') return send(200, found);
		stored.delete(id);
		return send(204);
	});
	return { ...server, stored };
}

export interface TriggerOptions {
	executor: { url: string };
	parameters?: IDataObject;
	credentials?: IDataObject;
	staticData?: IDataObject;
	webhookUrl?: string;
	instanceId?: string;
	workflowId?: string;
	/** n8n's mode: `trigger` for an activation, `manual` for a test, `webhook` for a delivery. */
	mode?: string;
	activation?: string;
	warnings?: string[];
}

/** Create the `this` of the trigger's methods. */
function createTriggerContext(options: TriggerOptions): Record<string, unknown> {
	const parameters: IDataObject = { events: ['call.missed'], filters: {}, options: {}, simplify: true, ...options.parameters };
	const staticData = options.staticData ?? {};
	return {
		...createContext({ parameters, url: options.executor.url, credentials: options.credentials }),
		getNodeParameter: (name: string, fallback?: unknown) => parameters[name] ?? fallback,
		getWorkflow: () => ({ id: options.workflowId ?? 'w1', name: 'Missed calls', active: true }),
		getWorkflowStaticData: () => staticData,
		getNodeWebhookUrl: () => options.webhookUrl ?? WEBHOOK_URL,
		getInstanceId: () => options.instanceId ?? 'this n8n',
		getMode: () => options.mode ?? 'trigger',
		getActivationMode: () => options.activation ?? 'activate',
		logger: { warn: (message: string) => options.warnings?.push(message) },
	};
}

export const trigger = new ThreeCxPhoneSystemTrigger();

export function createHook(options: TriggerOptions): IHookFunctions {
	return createTriggerContext(options) as unknown as IHookFunctions;
}

/** Activate as n8n does: create the subscription unless it exists. Returns whether it was created. */
export async function activate(options: TriggerOptions): Promise<boolean> {
	const { checkExists, create } = trigger.webhookMethods.default;
	if (await checkExists.call(createHook(options))) return false;
	return await create.call(createHook(options));
}

export async function deactivate(options: TriggerOptions): Promise<boolean> {
	return await trigger.webhookMethods.default.delete.call(createHook({ mode: 'internal', ...options }));
}

/** Return a sample of a type of events with its own ID. */
export function createEvent(id: string, type = 'call.missed'): IDataObject {
	return { ...EVENT_TYPES.find(({ name }) => name === type)?.sample, id };
}

/** Sign a body as the executor does. */
export function sign(secret: string, id: string, timestamp: string, body: string): string {
	const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
	return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** A response of n8n, which the test ends. */
export class FakeResponse extends EventEmitter {
	statusCode = 200;

	destroyed = false;

	body?: IDataObject;

	status(code: number): this {
		this.statusCode = code;
		return this;
	}

	json(body: IDataObject): this {
		this.body = body;
		return this;
	}

	/** End the response, as n8n does once it has created the execution. */
	end(code = this.statusCode): void {
		this.statusCode = code;
		this.emit('finish');
		this.emit('close');
	}
}

export interface Delivery extends TriggerOptions {
	event: IDataObject;
	secret: string;
	/** Headers that differ from those of a good delivery. */
	headers?: Record<string, string>;
	/** Bytes that arrive instead of those that were signed. */
	rawBody?: string;
	response?: FakeResponse;
}

/** Deliver an event; the response ends as n8n ends it, unless the test gives one. */
export async function deliver(delivery: Delivery): Promise<IWebhookResponseData & { response: FakeResponse }> {
	const body = JSON.stringify(delivery.event);
	const id = delivery.headers?.['webhook-id'] ?? `evt_${String(delivery.event.id)}`;
	const timestamp = delivery.headers?.['webhook-timestamp'] ?? String(Math.floor(Date.now() / 1000));
	const headers = {
		'webhook-id': id,
		'webhook-timestamp': timestamp,
		'webhook-signature': sign(delivery.secret, id, timestamp, body),
		...delivery.headers,
	};
	const response = delivery.response ?? new FakeResponse();
	const context = {
		...createTriggerContext({ mode: 'webhook', ...delivery }),
		getRequestObject: () => ({ headers, rawBody: Buffer.from(delivery.rawBody ?? body) }),
		getResponseObject: () => response,
		getBodyData: () => JSON.parse(body) as IDataObject,
	};
	const result = await trigger.webhook.call(context as unknown as IWebhookFunctions);
	if (!delivery.response) response.end();
	return { ...result, response };
}
