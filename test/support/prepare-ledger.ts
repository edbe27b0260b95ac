import { prepareLedgerTemplate } from './ledger-folder.ts'

/** Before the first test of a run, so that no test's time is spent on it and no two tests make it at once. */
export const setup = prepareLedgerTemplate
