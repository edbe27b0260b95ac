import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError, envExample, readConfig } from '../../../src/config/read-config.ts'

test('an empty environment has every default', () => {
  const config = readConfig({})
  expect(config).toMatchObject({ PORT: 4020, HOST: '127.0.0.1', TURNPIKE_MARGIN_BPS: 500, warnings: [] })
})

test('.env.example is what the schema says', () => {
  expect(readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')).toBe(envExample())
})

test('every wrong variable is named at once, and no value is repeated', () => {
  const key = `0x${'ab'.repeat(31)}`
  const read = () => readConfig({ PORT: 'eighty', TURNPIKE_SIGNER_KEY: key, TURNPIKE_PAY_TO: '0x12' })
  expect(read).toThrow(ConfigError)
  try {
    read()
  } catch (error) {
    const { message } = error as ConfigError
    for (const name of ['PORT', 'TURNPIKE_SIGNER_KEY', 'TURNPIKE_PAY_TO']) expect(message).toContain(name)
    expect(message).not.toContain(key)
  }
})

test('an unknown variable is warned of with the nearest name', () => {
  const { warnings } = readConfig({ TURNPIKE_MARGIN_BP: '5', TURNPIKE_RPC_8453: 'http://a, http://b' })
  expect(warnings).toEqual([
    'TURNPIKE_MARGIN_BP is not a variable of Turnpike; did you mean TURNPIKE_MARGIN_BPS?',
  ])
})

test('RPC lists and addresses are read into what they mean', () => {
  const config = readConfig({
    TURNPIKE_RPC_8453: 'http://a, http://b',
    TURNPIKE_PAY_TO: `0x${'AB'.repeat(20)}`,
  })
  expect(config.rpcUrls.get(8453)).toEqual(['http://a', 'http://b'])
  expect(config.TURNPIKE_PAY_TO).toBe(`0x${'ab'.repeat(20)}`)
})

test('a facilitator is an address and perhaps a token, per chain', () => {
  const { facilitators, warnings } = readConfig({
    TURNPIKE_FACILITATOR_8453: 'https://facilitator.example.com/x402/',
    TURNPIKE_FACILITATOR_TOKEN_8453: 'a token',
    TURNPIKE_FACILITATOR_137: 'http://127.0.0.1:4022',
  })
  expect(facilitators).toEqual(
    new Map([
      [8453, { url: 'https://facilitator.example.com/x402', token: 'a token' }],
      [137, { url: 'http://127.0.0.1:4022' }],
    ]),
  )
  expect(warnings).toEqual([])
  expect(() => readConfig({ TURNPIKE_FACILITATOR_1: 'ftp://x' })).toThrow(
    /TURNPIKE_FACILITATOR_1 is not an http/,
  )
})
