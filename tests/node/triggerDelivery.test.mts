import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { EVENT_TYPES } from '../../nodes/ThreeCxTrigger/eventTypes';
import { activate, createEvent, deliver, FakeResponse, startSubscriptions, WEBHOOK_URL } from './triggerSupport.mts';

const executor = { url: 'http://executor.test' };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
let workflows = 0;

/** Return what deliveries to one trigger have in common; each test has a workflow of its own. */
function createTrigger(changes: IDataObject = {}) {
	workflows += 1;
	const staticData: IDataObject = { secret: SECRET };
	return { executor, secret: SECRET, staticData, workflowId: `delivery ${workflows}`, ...changes };
}

/** Return what n8n loads in a later call: static data as it was stored. */
const reload = (staticData: IDataObject) => JSON.parse(JSON.stringify(staticData)) as IDataObject;

describe('a signature', () => {
	it('that is valid starts the workflow', async () => {
		const { workflowData, response } = await deliver({ ...createTrigger(), event: createEvent('e1') });
		expect(workflowData?.[0]?.[0]?.json).toMatchObject({ type: 'call.missed', id: 'e1' });
		expect(response.statusCode).toBe(200);
	});

	it.each<[string, Partial<Parameters<typeof deliver>[0]>, string, number?]>([
		['of another secret', { secret: `whsec_${Buffer.alloc(32, 8).toString('base64')}` }, 'signature of the delivery is not valid'],
		['of other bytes', { rawBody: '{"type":"call.missed","id":"forged"}' }, 'signature of the delivery is not valid'],
		['that is missing', { headers: { 'webhook-signature': '' } }, 'is not signed'],
		['of an unknown version', { headers: { 'webhook-signature': 'v2,AAAA' } }, 'is not valid'],
		['without a time', { headers: { 'webhook-timestamp': 'today' } }, 'timestamp of the delivery is not valid'],
		['that is too old', { headers: { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 310) } }, 'clocks of executor and n8n differ by 31'],
		['from the future', { headers: { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 310) } }, '300 are allowed'],
		['to a trigger that is not active', { staticData: {} }, 'no subscription', 409],
	])('%s starts nothing', async (_, changes, message, status = 401) => {
		const { workflowData, noWebhookResponse, response } = await deliver({ ...createTrigger(), event: createEvent('e1'), ...changes });
		expect(workflowData).toBeUndefined();
		expect(noWebhookResponse).toBe(true);
		expect(response.statusCode).toBe(status);
		expect(response.body?.message).toContain(message);
	});

	it('is one of several, within the tolerance', async () => {
		const timestamp = String(Math.floor(Date.now() / 1000) - 280);
		const event = createEvent('e1');
		const { sign } = await import('./triggerSupport.mts');
		const signature = `v1,AAAA ${sign(SECRET, 'evt_e1', timestamp, JSON.stringify(event))}`;
		const headers = { 'webhook-timestamp': timestamp, 'webhook-signature': signature };
		expect((await deliver({ ...createTrigger(), event, headers })).workflowData).toBeDefined();
	});

	it('is valid before n8n has stored the secret of a new subscription', async () => {
		const subscriptions = await startSubscriptions();
		const { workflowId } = createTrigger();
		// The node of the fake has one key for both modes but the test.
		await activate({ executor: subscriptions, workflowId });
		const secret = String(subscriptions.calls.find(({ method }) => method === 'POST')?.body.secret);
		const { workflowData } = await deliver({ executor, workflowId, secret, staticData: {}, event: createEvent('e1') });
		expect(workflowData).toBeDefined();
	});
});

describe('an event', () => {
	it('starts the workflow once', async () => {
		const trigger = createTrigger();
		expect((await deliver({ ...trigger, event: createEvent('e1') })).workflowData).toBeDefined();
		const again = await deliver({ ...trigger, event: createEvent('e1') });
		expect(again.workflowData).toBeUndefined();
		expect(again.response.statusCode).toBe(200);
		expect(again.webhookResponse).toEqual({ message: 'The event has started the workflow already' });
		expect((await deliver({ ...trigger, event: createEvent('e2') })).workflowData).toBeDefined();
	});

	it('starts it once after n8n was restarted, or in another process', async () => {
		const trigger = createTrigger();
		await deliver({ ...trigger, event: createEvent('e1') });
		const elsewhere = createTrigger({ staticData: reload(trigger.staticData) });
		expect((await deliver({ ...elsewhere, event: createEvent('e1') })).workflowData).toBeUndefined();
	});

	it('starts it again where n8n ended before it had created the execution', async () => {
		const trigger = createTrigger();
		await deliver({ ...trigger, staticData: reload(trigger.staticData), event: createEvent('e1') });
		const restarted = createTrigger({ staticData: reload(trigger.staticData) });
		expect((await deliver({ ...restarted, event: createEvent('e1') })).workflowData).toBeDefined();
	});

	it('starts it again where n8n could not create the execution', async () => {
		const trigger = createTrigger();
		const response = new FakeResponse();
		const staticData = reload(trigger.staticData);
		await deliver({ ...trigger, staticData, response, event: createEvent('e1') });
		response.end(500);
		expect((await deliver({ ...trigger, event: createEvent('e1') })).workflowData).toBeDefined();
	});

	it('waits for its turn, so that calls at the same time overwrite nothing', async () => {
		const trigger = createTrigger();
		// As n8n does: each call loads the stored static data first, and stores what it changed when it ends.
		let stored = reload(trigger.staticData);
		const responses = Array.from({ length: 5 }, () => new FakeResponse());
		const started: number[] = [];
		const calls = responses.map(async (response, index) => {
			const staticData = reload(stored);
			const { workflowData } = await deliver({ ...trigger, staticData, response, event: createEvent(`e${index % 4}`) });
			if (workflowData) {
				started.push(index);
				stored = reload(staticData);
			}
			response.end();
		});
		await Promise.all(calls);
		expect(started).toEqual([0, 1, 2, 3]);
		expect(stored.handled).toHaveLength(4 * 11);
	});

	it('is left to its repetition where the executor has given up while it waited', async () => {
		const trigger = createTrigger();
		const [first, second] = [new FakeResponse(), new FakeResponse()];
		await deliver({ ...trigger, response: first, event: createEvent('e1') });
		const waiting = deliver({ ...trigger, response: second, event: createEvent('e2') });
		second.destroyed = true;
		first.end();
		expect((await waiting).workflowData).toBeUndefined();
		second.end();
		expect((await deliver({ ...trigger, event: createEvent('e2') })).workflowData).toBeDefined();
	});

	it('is remembered within bounds, as long as an executor may repeat it after a restart', async () => {
		const trigger = createTrigger();
		for (let number = 0; number < 2_600; number += 1) await deliver({ ...trigger, event: createEvent(`e${number}`) });
		expect(JSON.stringify(trigger.staticData).length).toBeLessThan(28_000);
		const restarted = createTrigger({ staticData: reload(trigger.staticData) });
		// The executor repeats the deliveries whose results it has not recorded.
		for (const number of [600, 601, 2_599]) {
			expect((await deliver({ ...restarted, event: createEvent(`e${number}`) })).workflowData).toBeUndefined();
		}
	});
});

describe('a test delivery', () => {
	const headers = { 'webhook-id': 'test_1' };

	it.each([
		['', { id: 'test_1', type: 'test' }],
		[' with a sample', createEvent('e1')],
	])('%s starts no published workflow', async (_, event) => {
		const { workflowData, webhookResponse, response } = await deliver({ ...createTrigger(), event, headers });
		expect(workflowData).toBeUndefined();
		expect(webhookResponse).toEqual({ message: 'The test delivery arrived' });
		expect(response.statusCode).toBe(200);
	});

	it('with a sample is the event of a person who listens, and only the first one is', async () => {
		const trigger = createTrigger({ mode: 'manual' });
		expect((await deliver({ ...trigger, event: { id: 'test_1', type: 'test' }, headers })).workflowData).toBeUndefined();
		expect((await deliver({ ...trigger, event: createEvent('e1'), headers })).workflowData).toBeDefined();
		expect((await deliver({ ...trigger, event: createEvent('e2') })).workflowData).toBeUndefined();
		const subscriptions = await startSubscriptions();
		const { workflowId } = trigger;
		await activate({ executor: subscriptions, workflowId, mode: 'manual', webhookUrl: WEBHOOK_URL });
		expect((await deliver({ ...trigger, event: createEvent('e2') })).workflowData).toBeDefined();
	});
});

describe('the item', () => {
	it.each(EVENT_TYPES.map(({ name, sample }) => [name, sample] as const))('of %s has at most ten fields', async (name, sample) => {
		const { workflowData } = await deliver({ ...createTrigger(), event: sample });
		const json = workflowData?.[0]?.[0]?.json ?? {};
		expect(Object.keys(json).length).toBeLessThanOrEqual(10);
		expect(json).toMatchObject({ type: name, time: sample.time });
	});

	it('is the whole event where Simplify is off', async () => {
		const event = createEvent('e1');
		const { workflowData } = await deliver({ ...createTrigger(), parameters: { simplify: false }, event });
		expect(workflowData?.[0]?.[0]?.json).toEqual(event);
	});

	it('has the records without their rows when simplified', async () => {
		const callLog = { id: '7', talkSeconds: 4, legs: [{ id: '7' }], recordingIds: [1] };
		const { workflowData } = await deliver({ ...createTrigger(), event: { ...createEvent('e1', 'call.logged'), callLog } });
		expect(workflowData?.[0]?.[0]?.json.callLog).toEqual({ id: '7', talkSeconds: 4, recordingIds: [1] });
	});
});
