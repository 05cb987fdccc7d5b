// Scenarios of the connection: rights, events, requests over the socket, keys, audio, and faults.
import assert from 'node:assert/strict';

import WebSocket from 'ws';

import {
    type ActionResult,
    CallControl,
    type Dn,
    DTMF,
    isSuccess,
    Listener,
    type Participant,
    participantPath,
    PROMPT_FINISHED,
    REMOVE,
    RESPONSE,
    UPSERT,
    within,
} from './callControl';
import { CALLED, CALLER, connect, OUTSIDE, ring, type Scenario, SECOND, THIRD, TRUNK } from './callPeople';

export const eventScenarios: Record<string, Scenario> = {
    // Both forms of the login, the list of DNs, and the rights.
    access: async (pbx) => {
        await pbx.login('urlencoded');
        const dns = await pbx.read<Dn[]>('/callcontrol');
        const own = dns.find((each) => each.dn === pbx.clientId);
        assert.equal(own?.type, 'Wroutepoint');
        const one = dns.find((each) => each.dn === CALLER);
        assert.equal(one?.type, 'Wextension');
        assert.deepEqual(await pbx.read(`/callcontrol/${CALLER}`), one);
        assert.deepEqual(await pbx.devices(CALLER), one.devices);
        const [device] = one.devices;
        assert.match(device.device_id, /^sip:/);
        assert.deepEqual(Object.keys(device).sort(), ['device_id', 'dn', 'user_agent']);
        const path = `/callcontrol/${CALLER}/devices/${encodeURIComponent(device.device_id)}`;
        assert.deepEqual(await pbx.read(path), device);
        assert.equal((await pbx.get(`/callcontrol/${TRUNK}`)).status, 403);
        assert.equal((await pbx.get(`/callcontrol/${CALLER}/devices/sip%3Aold%40127.0.0.1`)).status, 404);
        assert.equal((await pbx.get(`/callcontrol/${CALLER}/participants/2147483647`)).status, 404);
        const stranger = new CallControl(pbx.base, pbx.clientId, '');
        assert.equal((await stranger.get('/callcontrol')).status, 401);
        // A token in the query is refused: either the handshake fails, or the socket is closed.
        const url = `${pbx.base.replace(/^http/, 'ws')}/callcontrol/ws?access_token=${pbx.token}`;
        const socket = new WebSocket(url);
        const end = new Promise<number>((resolve) => {
            socket.once('close', resolve);
            socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
        });
        assert.ok([401, 4401].includes(await within(end, 'the end of a socket without a token')));
    },

    // The second login of a client ends the token of the first, and its socket.
    'one-token': async (pbx, listener) => {
        const second = new CallControl(pbx.base, pbx.clientId, process.env.PBX_CLIENT_SECRET ?? '');
        await second.login();
        await listener.until('the end of the first socket', () => listener.closeCode !== undefined);
        assert.equal((await pbx.get('/callcontrol')).status, 401);
        const next = await Listener.open(second);
        await next.ping();
        next.close();
    },

    // The client's own DN answers a caller from outside, who presses keys.
    dtmf: async (pbx, listener, people) => {
        const call = await people.begin('inbound', { number: OUTSIDE, to: pbx.clientId });
        const own = await listener.participant(pbx.clientId, 'Ringing');
        assert.equal(own.party_dn_type, 'Wexternalline');
        assert.equal(own.party_caller_id, OUTSIDE);
        await pbx.act(own, 'answer');
        await listener.participant(pbx.clientId, 'Connected');
        await people.do(call, { do: 'press', digits: '1' }, { do: 'press', digits: '#' });
        await listener.until('two keys', () => listener.eventsOf(DTMF).length === 2);
        const keys = listener.eventsOf(DTMF).map(({ event }) => event);
        assert.deepEqual(keys.map((each) => each.attached_data), [{ dtmf_input: '1' }, { dtmf_input: '#' }]);
        assert.equal(keys[0].entity, participantPath(own));
        await people.do(call, { do: 'hang_up' });
        await listener.gone(own);
    },

    // Keys that are pressed in calls of other DNs are not reported.
    'keys-of-others': async (pbx, listener, people) => {
        const call = await people.begin('inbound', { number: OUTSIDE, to: CALLED });
        const ringing = await listener.participant(CALLED, 'Ringing');
        assert.deepEqual([ringing.party_dn_type, ringing.party_caller_id], ['Wexternalline', OUTSIDE]);
        await pbx.act(ringing, 'answer');
        await listener.participant(CALLED, 'Connected');
        await people.do(call, { do: 'press', digits: '5' }, { do: 'hang_up' });
        await listener.gone(ringing);
        assert.deepEqual(listener.eventsOf(DTMF), []);
    },

    // The client's own DN answers, and hands the caller on; it stays in the call until the destination has answered.
    'own-dn': async (pbx, listener, people) => {
        const call = await people.begin('inbound', { number: OUTSIDE, to: pbx.clientId });
        const own = await listener.participant(pbx.clientId, 'Ringing');
        await pbx.act(own, 'answer');
        await listener.participant(pbx.clientId, 'Connected');
        const routed = pbx.act(own, 'routeto', { destination: CALLED });
        const ringing = await listener.participant(CALLED, 'Ringing');
        assert.equal(ringing.callid, own.callid);
        assert.equal(ringing.party_caller_id, OUTSIDE);
        assert.equal(listener.known.has(participantPath(own)), true);
        await pbx.act(ringing, 'answer');
        await within(routed, 'the result of routeto');
        await listener.gone(own);
        await listener.participant(CALLED, 'Connected', (each) => each.party_dn_type === 'Wexternalline');
        await people.do(call, { do: 'hang_up' });
        await listener.gone(ringing);
    },

    // A ring group rings many DNs under one call; one answers, and the others stop.
    'ring-group': async (pbx, listener, people) => {
        await people.begin('ring_group', { number: OUTSIDE, group: process.env.RING_GROUP ?? '' });
        const ringing = await listener.until('two members that ring', () => {
            const found = [...listener.known.values()].filter((each) => each.status === 'Ringing');
            const dns = new Set(found.map((each) => each.dn));
            return dns.size > 1 && found.every((each) => each.party_caller_id === OUTSIDE) && found;
        });
        assert.equal(new Set(ringing.map((each) => each.callid)).size, 1);
        const taker = ringing.find((each) => each.direct_control);
        assert.ok(taker);
        await pbx.act(taker, 'answer');
        for (const each of ringing.filter(({ id }) => id !== taker.id)) await listener.gone(each);
        await pbx.act(taker, 'drop');
        await listener.gone(taker);
    },

    'socket-requests': async (pbx, listener) => {
        const dns = await listener.snapshot();
        assert.deepEqual(dns, await pbx.read('/callcontrol'));
        const made = await listener.request(`/callcontrol/${CALLER}/makecall`, { Destination: CALLED, Timeout: 30 });
        assert.ok([200, 202].includes(made.StatusCode), JSON.stringify(made));
        assert.equal(made.Path, `/callcontrol/${CALLER}/makecall`);
        const ringing = await listener.participant(CALLED, 'Ringing');
        const path = participantPath(ringing);
        assert.deepEqual((await listener.request(path)).Response, ringing);
        const attached = { AttachedData: { ticket: '4711' } };
        assert.equal((await listener.request(`${path}/attach_participant_data`, attached)).StatusCode, 200);
        const diverted = { Destination: THIRD, Reason: 'ForwardAll', Timeout: 30 };
        assert.ok(isSuccess((await listener.request(`${path}/divert`, diverted)).Response as ActionResult));
        const next = await listener.participant(THIRD, 'Ringing');
        assert.equal((await listener.request(`${path}/drop`)).StatusCode, 404);
        assert.equal((await listener.request(`/callcontrol/${TRUNK}`)).StatusCode, 403);
        assert.equal((await listener.request(`${participantPath(next)}/transferto`, diverted)).StatusCode, 422);
        // Nothing that is sent ends the connection.
        for (const text of ['', '{', '[]', '5', '{"Path": 5}', '{"RequestID": "x"}']) listener.sendText(text);
        assert.equal((await listener.request(`${participantPath(next)}/drop`, {})).StatusCode, 200);
        await listener.gone(next);
        // Events and responses have one sequence without gaps.
        assert.deepEqual(listener.events.map((each) => each.sequence), listener.events.map((_, index) => index + 1));
        assert.ok(listener.eventsOf(RESPONSE).length > 6);
    },

    // The audio of the own DN: silence, and what was played comes back; no faster than it is spoken.
    audio: async (pbx, listener) => {
        const { calling, called } = await connect(pbx, listener, pbx.clientId, CALLED);
        const path = `${participantPath(calling)}/stream`;
        assert.equal((await pbx.get(`${participantPath(called)}/stream`)).status, 403);
        const authorization = `Bearer ${pbx.token}`;
        const stop = new AbortController();
        const heard = await fetch(pbx.base + path, { headers: { authorization }, signal: stop.signal });
        assert.equal(heard.status, 200);
        assert.ok(heard.body);
        const spoken = Buffer.alloc(SECOND / 2);
        for (let index = 0; index < spoken.length; index += 2) spoken.writeInt16LE((index % 1000) - 500, index);
        const began = performance.now();
        const playing = pbx.send('POST', path, { 'content-type': 'application/octet-stream' }, spoken);
        let echo = Buffer.alloc(0);
        for await (const piece of heard.body) {
            echo = Buffer.concat([echo, piece]);
            if (echo.includes(spoken.subarray(0, 1000))) break;
        }
        const played = await playing;
        assert.ok([200, 202].includes(played.status), JSON.stringify(played));
        assert.ok(performance.now() - began > 250, 'half a second of audio takes its time');
        stop.abort();
        await listener.until('the end of the prompt', () =>
            listener.eventsOf(PROMPT_FINISHED, participantPath(calling)).length > 0,
        );
        await pbx.act(calling, 'drop');
        await listener.gone(called);
        assert.equal((await pbx.get(path)).status, 404);
    },

    // Nothing is replayed after a cut: a snapshot on the new socket shows what began and what ended meanwhile.
    reconnect: async (pbx, listener, people) => {
        const first = await ring(pbx, listener);
        for (const code of [undefined, 4401]) {
            const before = await Listener.open(pbx);
            await before.snapshot();
            await people.endSockets(code);
            await before.until('the end of the socket', () => before.closeCode !== undefined);
            if (code !== undefined) assert.equal(before.closeCode, code);
        }
        await pbx.act(first.calling, 'drop');
        const second = await pbx.makeCall(CALLED, THIRD);
        const after = await Listener.open(pbx);
        await after.snapshot();
        const dns = [...after.known.values()].map((each: Participant) => each.dn).sort();
        assert.deepEqual(dns, [CALLED, THIRD]);
        assert.equal(after.events[0].sequence, 1);
        await pbx.act(second, 'drop');
        await after.until('the end of all', () => after.known.size === 0);
        after.close();
    },

    // All that a listener knows by the events is what the PBX has.
    'events-tell-all': async (pbx, listener) => {
        const calls = await Promise.all([connect(pbx, listener), connect(pbx, listener, '106', THIRD)]);
        await pbx.act(calls[0].called, 'transferto', { destination: '108' });
        await listener.participant('108', 'Ringing');
        const known = new Map(listener.known);
        const dns = await listener.snapshot();
        const live = dns.flatMap((each) => each.participants);
        assert.deepEqual([...known.keys()].sort(), live.map(participantPath).sort());
        for (const each of live) assert.deepEqual(known.get(participantPath(each)), each);
        for (const each of live.filter(({ status }) => status !== 'Ringing')) {
            const { status } = await pbx.post(`${participantPath(each)}/drop`);
            assert.ok([200, 404].includes(status));
        }
        await listener.until('the end of all', () => listener.known.size === 0);
        const entities = new Set(listener.eventsOf(UPSERT).map(({ event }) => event.entity));
        for (const entity of entities) assert.equal(listener.eventsOf(REMOVE, entity).length, 1, entity);
    },

    // Events that come twice, name an entity that is gone, or never come do not spoil what a snapshot corrects.
    'unreliable-events': async (pbx, listener, people) => {
        await people.spoil('event-twice:50%,upsert-gone:25%,remove-lost:25%,entity-slow:50%:50');
        for (let round = 0; round < 4; round += 1) {
            const calling = await pbx.makeCall(CALLER, CALLED);
            const ringing = await listener.participant(CALLED, 'Ringing', (each) => each.callid === calling.callid);
            await pbx.act(ringing, 'answer');
            await listener.participant(CALLED, 'Connected', (each) => each.id === ringing.id);
            await pbx.act(calling, 'drop');
        }
        await people.spoil('');
        const live = (await listener.snapshot()).flatMap((each) => each.participants);
        assert.deepEqual(live, []);
        // The entities that are still known are gone from the PBX.
        for (const each of listener.known.keys()) assert.equal((await pbx.get(each)).status, 404);
    },
};
