// Scenarios of single actions: calls are made, answered, moved and dropped, or refused.
import assert from 'node:assert/strict';

import { type ActionResult, isSuccess, participantPath, within } from './callControl';
import { CALLED, CALLER, connect, UNKNOWN, NO_DEVICE, ring, type Scenario, THIRD, TRUNK, TWO_DEVICES } from './callPeople';

export const actionScenarios: Record<string, Scenario> = {
    'make-call': async (pbx, listener) => {
        const { calling, ringing } = await ring(pbx, listener);
        assert.deepEqual([calling.dn, ringing.dn], [CALLER, CALLED]);
        assert.equal((await listener.participant(CALLER, 'Dialing')).id, calling.id);
        assert.deepEqual([calling.party_dn, ringing.party_dn], [CALLED, CALLER]);
        assert.equal(ringing.party_dn_type, 'Wextension');
        assert.notEqual(calling.id, ringing.id);
        assert.notEqual(calling.legid, ringing.legid);
        assert.deepEqual(await pbx.read(participantPath(ringing)), ringing);
        assert.deepEqual(await pbx.read(`/callcontrol/${CALLED}/participants`), [ringing]);
        await pbx.act(calling, 'drop');
        await listener.gone(calling);
        await listener.gone(ringing);
        await pbx.refuse(calling, 'drop', {}, 404);
    },

    // The older form, for an extension with one device: the participant is found by watching.
    'make-call-older': async (pbx, listener) => {
        const answer = await pbx.post(`/callcontrol/${CALLER}/makecall`, { destination: CALLED, timeout: 60 });
        assert.ok([200, 202].includes(answer.status), JSON.stringify(answer));
        assert.ok(isSuccess(answer.body as ActionResult));
        const calling = await listener.participant(CALLER, 'Dialing');
        await pbx.act(calling, 'drop');
        await listener.gone(calling);
    },

    // Calls that do not come about are results with a reason.
    'make-call-in-vain': async (pbx, listener) => {
        const [device] = await pbx.devices(CALLER);
        const path = `/callcontrol/${CALLER}/devices/${encodeURIComponent(device.device_id)}/makecall`;
        const unregistered = await pbx.post(path, { destination: NO_DEVICE });
        assert.ok([200, 202].includes(unregistered.status), JSON.stringify(unregistered));
        const result = unregistered.body as ActionResult;
        assert.equal(isSuccess(result), false);
        assert.equal(result.reason, 'PhoneNotRegistered');
        const unknown = await pbx.post(path, { destination: '' });
        assert.ok([400, 422, 424].includes(unknown.status), JSON.stringify(unknown));
        const gone = await pbx.post(`/callcontrol/${CALLER}/devices/sip%3Aold%40127.0.0.1/makecall`, {
            destination: CALLED,
        });
        assert.ok([404, 424].includes(gone.status), JSON.stringify(gone));
        assert.equal((await pbx.post(`/callcontrol/${TRUNK}/makecall`, { destination: CALLED })).status, 403);
        await listener.snapshot();
        assert.equal(listener.known.size, 0);
    },

    // A call that is not answered within its time limit ends by itself.
    'time-limit': async (pbx, listener) => {
        const calling = await pbx.makeCall(CALLER, CALLED, { timeout: 1 });
        await listener.gone(calling);
        assert.equal(listener.of(CALLED).length, 0);
    },

    answer: async (pbx, listener) => {
        const { calling, called } = await connect(pbx, listener);
        await pbx.refuse(called, 'answer', {}, 422);
        await pbx.act(called, 'drop');
        await listener.gone(called);
        await listener.gone(calling);
        assert.equal((await pbx.get(participantPath(called))).status, 404);
    },

    // A phone and an app ring; only the app can be answered through the API, and the phone stops ringing.
    'two-devices': async (pbx, listener) => {
        const calling = await pbx.makeCall(CALLER, TWO_DEVICES);
        const app = await listener.participant(TWO_DEVICES, 'Ringing', (each) => each.direct_control);
        const phone = await listener.participant(TWO_DEVICES, 'Ringing', (each) => !each.direct_control);
        assert.deepEqual([app.callid, phone.callid], [calling.callid, calling.callid]);
        assert.notEqual(app.device_id, phone.device_id);
        await pbx.refuse(phone, 'answer', {}, 403, 422);
        await pbx.act(app, 'answer');
        await listener.gone(phone);
        await listener.participant(TWO_DEVICES, 'Connected', (each) => each.id === app.id);
        await pbx.act(calling, 'drop');
        await listener.gone(app);
    },

    divert: async (pbx, listener) => {
        const { calling, ringing } = await ring(pbx, listener);
        await pbx.refuse(ringing, 'divert', {}, 400, 422);
        await pbx.refuse(ringing, 'divert', { destination: UNKNOWN }, 424);
        await pbx.refuse(ringing, 'divert', { destination: THIRD, reason: 'BecauseOfMe' }, 400, 422);
        await pbx.act(ringing, 'divert', { destination: THIRD, reason: 'NoAnswer' });
        await listener.gone(ringing);
        const next = await listener.participant(THIRD, 'Ringing');
        assert.equal(next.callid, calling.callid);
        await pbx.act(next, 'answer');
        await listener.participant(THIRD, 'Connected');
        await pbx.refuse(next, 'divert', { destination: CALLED }, 422);
        await pbx.act(next, 'drop');
        await listener.gone(calling);
    },

    // The participant stays until the alternative answers.
    'route-to': async (pbx, listener) => {
        const { calling, ringing } = await ring(pbx, listener);
        await pbx.act(ringing, 'routeto', { destination: THIRD });
        const next = await listener.participant(THIRD, 'Ringing');
        assert.equal(next.callid, calling.callid);
        assert.equal(listener.known.has(participantPath(ringing)), true);
        await pbx.act(next, 'answer');
        await listener.gone(ringing);
        await pbx.act(calling, 'drop');
        await listener.gone(next);
    },

    // Dropping the participant cancels the alternative that rings for it.
    'route-to-cancelled': async (pbx, listener) => {
        const { calling, called } = await connect(pbx, listener);
        const routed = pbx.post(`${participantPath(called)}/routeto`, { destination: THIRD });
        const next = await listener.participant(THIRD, 'Ringing');
        await pbx.act(called, 'drop');
        await listener.gone(next);
        await listener.gone(called);
        await within(routed, 'the result of routeto');
        await listener.gone(calling);
    },

    transfer: async (pbx, listener) => {
        const { calling, ringing } = await ring(pbx, listener);
        await pbx.refuse(ringing, 'transferto', { destination: THIRD }, 422);
        await pbx.act(ringing, 'answer');
        await listener.participant(CALLED, 'Connected');
        await pbx.refuse(ringing, 'transferto', { destination: UNKNOWN }, 424);
        await pbx.act(ringing, 'transferto', { destination: THIRD });
        await listener.gone(ringing);
        const next = await listener.participant(THIRD, 'Ringing');
        assert.equal(next.callid, calling.callid);
        assert.equal(next.referred_by_dn, CALLED);
        await pbx.act(next, 'answer');
        await listener.participant(THIRD, 'Connected');
        await listener.participant(CALLER, 'Connected', (each) => each.party_dn === THIRD);
        await pbx.act(calling, 'drop');
        await listener.gone(next);
    },

    // A transfer that the destination refuses comes back.
    'transfer-back': async (pbx, listener) => {
        const { calling, called } = await connect(pbx, listener);
        await pbx.act(called, 'transferto', { destination: THIRD });
        await listener.gone(called);
        await pbx.act(await listener.participant(THIRD, 'Ringing'), 'drop');
        const back = await listener.participant(CALLED, 'Ringing');
        assert.equal(back.callid, calling.callid);
        assert.notEqual(back.id, called.id);
        await pbx.act(back, 'answer');
        await listener.participant(CALLED, 'Connected');
        await pbx.act(calling, 'drop');
        await listener.gone(back);
    },

    'attached-data': async (pbx, listener) => {
        const calling = await pbx.makeCall(CALLER, CALLED, { attacheddata: { ticket: '4711' } });
        const ringing = await listener.participant(CALLED, 'Ringing');
        const data = { attacheddata: { customer: 'Ärger & Söhne', open: '3' } };
        await pbx.act(ringing, 'attach_participant_data', data);
        await pbx.act(ringing, 'attach_party_data', data);
        await pbx.refuse(ringing, 'attach_participant_data', { attacheddata: 'text' }, 400, 422);
        await pbx.refuse(ringing, 'attach_participant_data', { attacheddata: ['a'] }, 400, 422);
        await pbx.act(calling, 'drop');
    },

    errors: async (pbx, listener) => {
        const { calling } = await ring(pbx, listener);
        const path = participantPath(calling);
        const isRefused = (status: number): boolean => status >= 400 && status < 500;
        assert.ok(isRefused((await pbx.send('POST', `${path}/drop`)).status));
        const type = { 'content-type': 'application/json' };
        assert.ok(isRefused((await pbx.send('POST', `${path}/drop`, type, '{')).status));
        assert.ok(isRefused((await pbx.send('POST', `${path}/drop`, type, '[]')).status));
        assert.ok(isRefused((await pbx.send('DELETE', path)).status));
        assert.ok(isRefused((await pbx.post(`${path}/hold`)).status));
        await pbx.refuse({ dn: CALLED, id: calling.id }, 'drop', {}, 403, 404);
        assert.equal((await pbx.get(path)).status, 200);
        await pbx.act(calling, 'drop');
    },
};
