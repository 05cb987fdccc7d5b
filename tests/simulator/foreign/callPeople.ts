// Shared by the scenarios: numbers of the simulated office, the people there, and calls that ring or are connected.
import assert from 'node:assert/strict';

import type { CallControl, Listener } from './callControl';

export type Scenario = (pbx: CallControl, listener: Listener, people: People) => Promise<void>;

/** A number outside, and numbers of the office: people with one app, with a phone and an app, and with none. */
export const OUTSIDE = '+4930123456';
export const [CALLER, CALLED, THIRD] = ['103', '104', '107'];
export const TWO_DEVICES = '102';
export const NO_DEVICE = '105';
export const [TRUNK, UNKNOWN] = ['10000', 'unknown'];
/** Bytes of a second: 16 bit, 8 kHz, mono. */
export const SECOND = 16_000;

/** People do this without the API: they call, press keys and hang up; and faults of the network. */
export class People {
    constructor(private readonly base: string) {}

    async begin(scenario: string, values: object): Promise<number> {
        return (await this.send({ scenario, arguments: values })).call;
    }

    async do(call: number, ...steps: object[]): Promise<void> {
        await this.send({ call, steps });
    }

    async spoil(faults: string): Promise<void> {
        const response = await fetch(`${this.base}/_simulator/faults`, {
            method: 'PUT',
            body: JSON.stringify({ faults, seed: 7 }),
        });
        assert.equal(response.status, 200, await response.clone().text());
    }

    async endSockets(code?: number): Promise<void> {
        const query = code === undefined ? '' : `?code=${code}`;
        const response = await fetch(`${this.base}/_simulator/sockets${query}`, { method: 'DELETE' });
        assert.equal(response.status, 200);
    }

    private async send(body: object): Promise<{ call: number }> {
        const response = await fetch(`${this.base}/_simulator/calls`, { method: 'POST', body: JSON.stringify(body) });
        assert.equal(response.status, 200, await response.clone().text());
        return (await response.json()) as { call: number };
    }
}

/** Call from one extension to another, and wait until it rings there. */
export async function ring(pbx: CallControl, listener: Listener, from = CALLER, to = CALLED) {
    const calling = await pbx.makeCall(from, to);
    const ringing = await listener.participant(to, 'Ringing', (each) => each.callid === calling.callid);
    return { calling, ringing };
}

export async function connect(pbx: CallControl, listener: Listener, from = CALLER, to = CALLED) {
    const { calling, ringing } = await ring(pbx, listener, from, to);
    await pbx.act(ringing, 'answer');
    await listener.participant(to, 'Connected', (each) => each.id === ringing.id);
    await listener.participant(from, 'Connected', (each) => each.id === calling.id);
    return { calling, called: ringing };
}
