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

	it('creates it again where the executor has lost it', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		executor.stored.clear();
		expect(await activate({ executor, staticData })).toBe(true);
		expect([...executor.stored.keys()]).toEqual(['s2']);
	});

	it('resumes it with its events where it was parked while n8n was down', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		Object.assign(executor.stored.get('s1') as IDataObject, { state: 'parked' });
		expect(await activate({ executor, staticData, activation: 'init' })).toBe(false);
		expect(executor.stored.get('s1')).toMatchObject({ state: 'active' });
	});

	it('leaves it parked where the executor still does not reach n8n', async () => {
		const test: IDataObject = { delivered: true };
		const executor = await startSubscriptions({ test });
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		Object.assign(executor.stored.get('s1') as IDataObject, { state: 'parked' });
		Object.assign(test, { delivered: false, problem: 'connection refused' });
		await expect(activate({ executor, staticData, activation: 'init' })).rejects.toMatchObject({
			message: expect.stringContaining('does not reach n8n') as string,
		});
		expect(executor.stored.get('s1')).toMatchObject({ state: 'parked' });
	});

	it('creates it again, with the credential as it is now, where none of its events can come', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		const problem = { events: ['call.missed'], code: 'login', message: 'The PBX refused the client', isFinal: true };
		Object.assign(executor.stored.get('s1') as IDataObject, { problems: [problem] });
		expect(await activate({ executor, staticData, activation: 'init' })).toBe(true);
		expect([...executor.stored.keys()]).toEqual(['s2']);
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

	it.each<[string, Partial<Parameters<typeof activate>[0]>]>([
		['the executor refuses its key', {}],
		['the executor refuses a changed subscription', { webhookUrl: WEBHOOK_URL.replace('n8n.test', 'new.test') }],
	])('stays with its events where %s when n8n starts', async (_, changes) => {
		let refusal: [number, IDataObject] | undefined;
		const executor = await startSubscriptions({ refuse: () => refusal });
		const staticData: IDataObject = {};
		await activate({ executor, staticData });
		const before = { ...staticData };
		refusal = [401, { detail: 'The executor key is wrong', code: 'executor_key', status: 401 }];
		const context = { executor, staticData, activation: 'init', ...changes };
		await expect(activate(context)).rejects.toMatchObject({ message: 'The executor key is wrong' });
		// n8n calls this after each failed activation; the executor may respond again by then.
		refusal = undefined;
		await deactivate(context);
		expect(staticData).toEqual(before);
		expect([...executor.stored.keys()]).toEqual(['s1']);
		expect(await activate({ executor, staticData, activation: 'init' })).toBe(false);
		await deactivate({ executor, staticData });
		expect(executor.stored.size).toBe(0);
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
	it.each<[string, IDataObject, IDataObject]>([
		['was delivered', { delivered: true, statusCode: 200 }, {}],
		['met a process that has no secret yet', { delivered: false, statusCode: 409 }, {}],
		['met a process that has the secret before', { delivered: false, statusCode: 401 }, { secret: 'whsec_before' }],
	])('is given where the test %s', async (_, test, staticData) => {
		const executor = await startSubscriptions({ test });
		expect(await activate({ executor, staticData })).toBe(true);
	});

	const refused = { delivered: false, problem: 'connection refused.', advice: 'Check the port.' };

	it.each([
		[refused, 'http://localhost:5678/webhook/a/webhook', 'does not reach n8n at http://localhost:5678: connection refused', 'publish its port 5678'],
		[refused, 'http://n8n.test/webhook/a/webhook', 'does not reach n8n at http://n8n.test: connection refused', 'set the option "N8n URL"'],
		[{ delivered: false, statusCode: 502 }, 'https://n8n.test/webhook/a/webhook', 'the server there returned 502', 'Another server than n8n answers'],
		[{ delivered: false }, 'https://n8n.test/webhook/a/webhook', 'no response', 'WEBHOOK_URL'],
		// Another n8n has a subscription, or knows no such webhook.
		[{ delivered: false, statusCode: 401 }, 'https://n8n.test/webhook/a/webhook', 'the server there returned 401', 'Another server answers at https://n8n.test'],
		[{ delivered: false, statusCode: 404 }, 'http://localhost:80/webhook/a/webhook', 'the server there returned 404', 'WEBHOOK_URL of this n8n'],
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

describe('another n8n', () => {
	it('at whose address a copy of it would be called keeps its subscription', async () => {
		const test: IDataObject = { delivered: true };
		const executor = await startSubscriptions({ test });
		await activate({ executor });
		Object.assign(test, { delivered: false, statusCode: 401 });
		const copy = { executor, staticData: {}, instanceId: 'copy' };
		await expect(activate(copy)).rejects.toMatchObject({
			message: expect.stringContaining('does not reach n8n') as string,
		});
		await deactivate(copy);
		expect([...executor.stored.keys()]).toEqual(['s1']);
	});

	it('keeps its subscription when a copy of it with an address of its own is activated', async () => {
		const executor = await startSubscriptions();
		const staticData: IDataObject = {};
		const warnings: string[] = [];
		await activate({ executor, staticData });
		await activate({ executor, staticData, warnings, webhookUrl: WEBHOOK_URL.replace('n8n.test', 'copy.test') });
		expect([...executor.stored.keys()]).toEqual(['s1', 's2']);
		expect(warnings).toEqual([expect.stringContaining('threecx subscriptions remove s1')]);
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
		// A copy of an n8n has its instance ID.
		await deactivate({ executor, staticData, webhookUrl: WEBHOOK_URL.replace('n8n.test', 'copy.test') });
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
