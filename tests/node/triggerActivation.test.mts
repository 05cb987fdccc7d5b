import type { IDataObject } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import {
	activate,
	createHook,
	deactivate,
	startSubscriptions,
	trigger,
	WEBHOOK_URL,
} from './triggerSupport.mts';

const TEST_URL = WEBHOOK_URL.replace('/webhook/', '/webhook-test/');

describe('activation', () => {
	it('creates one subscription and finds it again', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		const parameters = {
			events: ['recording.ready', 'call.missed'],
			filters: { direction: 'inbound', extensions: ['100'], group: { __rl: true, mode: 'list', value: '800' }, severity: 'error' },
		};
		expect(await activate({ executor, staticData, parameters })).toBe(true);
		expect(await activate({ executor, staticData, parameters })).toBe(false);
		const [created] = executor.calls.filter(({ method }) => method === 'POST');
		expect(created?.body).toMatchObject({
			// In the order of the table; a filter that applies to none of the events is not sent.
			events: ['call.missed', 'recording.ready'],
			filter: { direction: 'inbound', extensions: ['100'], group: '800' },
			url: WEBHOOK_URL,
			concurrency: 1,
			description: 'n8n: Missed calls',
			pbx: { baseUrl: 'https://pbx.test', clientId: 'client', clientSecret: 'the secret' },
		});
		expect(created?.body.filter).not.toHaveProperty('severity');
		expect(created?.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
		expect(staticData.secret).toBe(created?.body.secret);
		expect(executor.stored.size).toBe(1);
	});

	it('uses a profile of the executor', async () => {
		const executor = await startSubscriptions();
		await activate({ executor, credentials: { connection: 'profile', profile: 'office' } });
		expect(executor.calls.find(({ method }) => method === 'POST')?.body.pbx).toEqual({ profile: 'office' });
	});

	it.each<[string, IDataObject]>([
		['events', { parameters: { events: ['call.ended'] } }],
		['filters', { parameters: { filters: { number: '+49*' } } }],
		['the client', { credentials: { clientId: 'other' } }],
		['the PBX', { credentials: { connection: 'profile', profile: 'office' } }],
		['the n8n, in a workflow with its static data', { instanceId: 'other n8n' }],
		["n8n's URL", { webhookUrl: WEBHOOK_URL.replace('n8n.test', 'new.test') }],
	])('replaces the subscription when %s changed', async (_, changes) => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		expect(await activate({ executor, staticData, ...changes })).toBe(true);
		expect(staticData.subscriptionId).toBe('s2');
	});

	it('creates it again where the executor has lost or parked it', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		executor.stored.clear();
		expect(await activate({ executor, staticData })).toBe(true);
		Object.assign(executor.stored.get('s2') as IDataObject, { state: 'parked' });
		expect(await activate({ executor, staticData })).toBe(true);
		expect([...executor.stored.keys()]).toEqual(['s3']);
	});

	it('removes subscriptions to its URL that an earlier activation left', async () => {
		const executor = await startSubscriptions();
		await activate({ executor });
		await activate({ executor });
		await activate({ executor, webhookUrl: 'http://n8n.test:5678/webhook/other/webhook' });
		expect([...executor.stored.keys()]).toEqual(['s2', 's3']);
	});

	it('keeps the subscription where the executor does not answer when n8n starts', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		const warnings: string[] = [];
		await activate({ executor, staticData });
		await executor.close();
		expect(await activate({ executor, staticData, activation: 'init', warnings })).toBe(false);
		expect(warnings[0]).toContain('The subscription was not checked');
		await expect(activate({ executor, staticData })).rejects.toMatchObject({
			message: expect.stringContaining('is not running. Start it with: threecx serve') as string,
		});
	});

	it('needs an event', async () => {
		const executor = await startSubscriptions();
		await expect(activate({ executor, parameters: { events: [] } })).rejects.toMatchObject({
			message: 'No events are chosen, so nothing could start the workflow',
		});
		expect(executor.calls).toEqual([]);
	});

	it("fails in the executor's words", async () => {
		const problem = { detail: "there are no events 'call.mised'", description: "Did you mean 'call.missed'?", status: 400 };
		const executor = await startSubscriptions({ refuse: ({ method }) => (method === 'POST' ? [400, problem] : undefined) });
		await expect(activate({ executor, parameters: { events: ['call.mised'] } })).rejects.toMatchObject({
			message: problem.detail,
			description: problem.description,
		});
	});
});

describe('rights', () => {
	const problem = {
		events: ['call.missed'],
		code: 'call_control_forbidden',
		message: 'The client has no right to Call Control',
		advice: 'Tick Call Control in 3CX under Admin > Integrations > API',
	};

	it('refuse an activation of which no event could come', async () => {
		const executor = await startSubscriptions({ created: { problems: [{ ...problem, isFinal: true }] } });
		const staticData: IDataObject = {};
		await expect(activate({ executor, staticData })).rejects.toMatchObject({
			message: problem.message,
			description: problem.advice,
		});
		expect(executor.stored.size).toBe(0);
		expect(staticData).toEqual({});
	});

	it.each([
		['another event can come', { events: ['call.missed', 'trunk.down'] }, true],
		['the fault passes', { events: ['call.missed'] }, false],
	])('warn where %s', async (_, parameters, isFinal) => {
		const executor = await startSubscriptions({ created: { problems: [{ ...problem, isFinal }] } });
		const warnings: string[] = [];
		expect(await activate({ executor, parameters, warnings })).toBe(true);
		expect(warnings).toEqual([`3CX Trigger: call.missed: ${problem.message}`]);
	});
});

describe('reachability', () => {
	it.each([
		['was delivered', { delivered: true, statusCode: 200 }],
		['met an n8n that has not registered the webhook yet', { delivered: false, statusCode: 404 }],
		['met an n8n that has not stored the secret yet', { delivered: false, statusCode: 401 }],
	])('is given where the test %s', async (_, test) => {
		const executor = await startSubscriptions({ test });
		expect(await activate({ executor })).toBe(true);
	});

	const refused = { delivered: false, problem: 'connection refused.', advice: 'Check the port.' };

	it.each([
		[refused, 'http://localhost:5678/webhook/a/webhook', 'does not reach n8n at http://localhost:5678: connection refused', 'publish its port 5678'],
		[refused, 'http://n8n.test/webhook/a/webhook', 'does not reach n8n at http://n8n.test: connection refused', 'set the option "N8n URL for the Executor"'],
		[{ delivered: false, statusCode: 502 }, 'https://n8n.test/webhook/a/webhook', 'the server there returned 502', 'Another server than n8n answers'],
		[{ delivered: false }, 'https://n8n.test/webhook/a/webhook', 'no response', 'WEBHOOK_URL'],
	])('is missing: %j to %s', async (test, webhookUrl, message, advice) => {
		const executor = await startSubscriptions({ test });
		const staticData: IDataObject = {};
		await expect(activate({ executor, webhookUrl, staticData })).rejects.toMatchObject({
			message: expect.stringContaining(message) as string,
			description: expect.stringContaining(advice) as string,
		});
		expect(executor.stored.size).toBe(0);
		expect(staticData).toEqual({});
	});

	it('uses another address of n8n for the executor', async () => {
		const executor = await startSubscriptions();
		await activate({ executor, parameters: { options: { n8nUrl: 'http://n8n:5678/' } } });
		expect([...executor.stored.values()][0]?.url).toBe('http://n8n:5678/webhook/0c5d/webhook');
		await expect(activate({ executor, parameters: { options: { n8nUrl: 'n8n:5678' } } })).rejects.toMatchObject({
			message: 'The n8n URL for the executor, n8n:5678, is not valid',
		});
	});
});

describe('deactivation', () => {
	it('removes the subscription', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = { handled: ['x'] };
		await activate({ executor, staticData });
		expect(await deactivate({ executor, staticData })).toBe(true);
		expect(executor.stored.size).toBe(0);
		expect(staticData).toEqual({ handled: ['x'] });
		expect(await deactivate({ executor, staticData })).toBe(true);
	});

	it('goes on where the executor does not answer', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		const warnings: string[] = [];
		await activate({ executor, staticData });
		await executor.close();
		expect(await deactivate({ executor, staticData, warnings })).toBe(false);
		expect(warnings[0]).toContain('the subscription s1 was not removed');
	});

	it('of a test or of another n8n leaves the subscription of the published workflow', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		// n8n begins a test with the static data of the published workflow, and ends one that failed with it.
		await deactivate({ executor, staticData, webhookUrl: TEST_URL });
		await deactivate({ executor, staticData, instanceId: 'other n8n' });
		expect([...executor.stored.keys()]).toEqual(['s1']);
		expect(await activate({ executor, staticData: { ...staticData }, webhookUrl: TEST_URL, mode: 'manual' })).toBe(true);
		expect([...executor.stored.keys()]).toEqual(['s1', 's2']);
	});
});

it('a test asks for a sample of the first event', async () => {
	const executor = await startSubscriptions();
	const parameters = { events: ['trunk.down', 'call.missed'], options: { sendSample: true } };
	const context = { executor, parameters, webhookUrl: TEST_URL, mode: 'manual' };
	await trigger.webhookMethods.default.create.call(createHook(context));
	await expect.poll(() => executor.calls.filter(({ path }) => path.endsWith('/test')).length).toBe(2);
	expect(executor.calls.at(-1)?.body).toMatchObject({ event: 'call.missed' });
});
