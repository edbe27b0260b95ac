/**
 * The life of a paid call as a value: what is durable in each state, what comes next, and what a restart does when it finds
 * the state left behind. The code that does it: call/serve/recover for the first two, settlement/sweep for the rest.
 */
export const CALL_STATES = [
  {
    state: 'funding',
    write: 'F1 to F3: nonce reserved, transaction signed, transfer seen',
    next: 'admission',
    afterCrash: 'The sweep sends the stored bytes again; money that arrived stays credit or channel balance.',
  },
  {
    state: 'forwarding',
    write: 'W1, W2: payment key, holds and first attempt in one row',
    next: 'capture or release',
    afterCrash: 'Never sent again. The hold is released once the lease of its instance has run out.',
  },
  {
    state: 'captured',
    write: 'W3: hold posted, settlement intent in the same commit',
    next: 'signing (upto), claiming (channels), nothing (exact: paid already)',
    afterCrash: 'The sweep finds the intent.',
  },
  { state: 'released', write: 'W3: hold voided', next: 'nothing', afterCrash: 'Nothing to do.' },
  {
    state: 'signed',
    write: 'W4: nonce of the lane and signed bytes, before they are sent',
    next: 'seen',
    afterCrash: 'The same bytes are sent again.',
  },
  {
    state: 'seen',
    write: 'W5: receipt and Transfer logs checked',
    next: 'final',
    afterCrash: 'The receipt is read again; without one the bytes are sent again.',
  },
  {
    state: 'final',
    write: 'W6: deep enough; the ledger moved on chain accounts',
    next: 'nothing',
    afterCrash: 'Nothing to do.',
  },
  {
    state: 'written-off',
    write: 'the authorisation expired unsettled',
    next: 'nothing',
    afterCrash: 'Nothing to do.',
  },
] as const
