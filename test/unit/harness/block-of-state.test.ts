import { expect, test } from 'vitest'
import { blockOfState } from '../../harness/world/block-of-state.ts'

const PAYER = '0x00000000000000000000000000000000000000a1'

const stateWith = (nonceOfPayer: string) =>
  JSON.stringify({
    best_block_number: '0x2a',
    accounts: { [PAYER]: { nonce: nonceOfPayer } },
    transactions: [{ info: { from: PAYER, nonce: 0 } }, { info: { from: PAYER, nonce: '0x1' } }],
  })

test('a state whose accounts have sent what its blocks hold is one that the chain had', () => {
  expect(blockOfState(stateWith('0x2'))).toBe(42n)
})

test('accounts older or newer than the blocks, an account that is missing and half a file are none', () => {
  expect(blockOfState(stateWith('0x1'))).toBeUndefined()
  expect(blockOfState(stateWith('0x3'))).toBeUndefined()
  expect(blockOfState(stateWith('0x2').replace('"accounts":{', '"accounts":{"0x1":{},"x'))).toBeUndefined()
  expect(blockOfState(stateWith('0x2').slice(0, 60))).toBeUndefined()
  expect(blockOfState('')).toBeUndefined()
})
