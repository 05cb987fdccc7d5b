// Plays the scenarios of callActions.ts and callEvents.ts with the client of callControl.ts.
//
//     node driver.mjs --list
//     PBX_URL=https://localhost:5001 PBX_CLIENT_ID=900 PBX_CLIENT_SECRET=… node driver.mjs make-call
//
// One scenario is one process. A caller from outside, and a key that is pressed, are not part of the API: they go over the
// simulator's control endpoint. A scenario that fails ends the process with 1 and says why.
import { actionScenarios } from './callActions';
import { CallControl, Listener } from './callControl';
import { eventScenarios } from './callEvents';
import { People } from './callPeople';

const scenarios = { ...eventScenarios, ...actionScenarios };

async function main(name: string): Promise<void> {
    const { PBX_URL = '', PBX_CLIENT_ID = '', PBX_CLIENT_SECRET = '' } = process.env;
    const pbx = new CallControl(PBX_URL, PBX_CLIENT_ID, PBX_CLIENT_SECRET);
    await pbx.login();
    const listener = await Listener.open(pbx);
    await scenarios[name](pbx, listener, new People(PBX_URL));
    listener.close();
}

const [name = ''] = process.argv.slice(2);
if (name === '--list') {
    console.log(JSON.stringify(Object.keys(scenarios)));
} else if (!(name in scenarios)) {
    console.error(`the scenario ${name} does not exist`);
    process.exit(2);
} else {
    main(name).catch((error: unknown) => {
        console.error(error);
        process.exit(1);
    });
}
