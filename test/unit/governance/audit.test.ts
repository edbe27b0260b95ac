import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, type JsonValue } from '../../../src/governance/audit/canonical-json.ts'
import { appendEntry, NO_HASH } from '../../../src/governance/audit/chain.ts'
import {
  checkpointBytes,
  checkpointOf,
  type SignedCheckpoint,
} from '../../../src/governance/audit/checkpoint.ts'
import { addLeaf, type MerkleFrontier, merkleRoot } from '../../../src/governance/audit/merkle.ts'
import type { AuditEntry, AuditRecord } from '../../../src/governance/audit/types.ts'
import { verifyChain } from '../../../src/governance/audit/verify-chain.ts'

test('canonical JSON is that of RFC 8785, as far as values here go', () => {
  // The example of the RFC's section 3.2.3, whose names are sorted by UTF-16 code units.
  const named = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const order = canonicalJson(named).match(/"(?:[A-Z][^"]+)"/g)
  expect(order).toEqual([
    '"Carriage Return"',
    '"One"',
    '"Control"',
    '"Latin Small Letter O With Diaeresis"',
    '"Euro Sign"',
    '"Emoji: Grinning Face"',
    '"Hebrew Letter Dalet With Dagesh"',
  ])
  // And of its section 3.2.2, without the floats.
  const literals = { literals: [null, true, false], string: '\u20ac$\u000f\nA\'B"\\\\"/' }
  expect(canonicalJson(literals)).toBe(
    String.raw`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
  expect(canonicalJson({ b: [1, -0, { d: 2, c: '' }], a: {} })).toBe('{"a":{},"b":[1,0,{"c":"","d":2}]}')
})

test('what has no one form is refused, and nothing is dropped in silence', () => {
  const odd: unknown[] = [
    1.5,
    NaN,
    Infinity,
    2 ** 53,
    1n,
    undefined,
    new Date(0),
    '\ud800',
    () => 1,
    [undefined],
  ]
  for (const value of [...odd, { '\udc00': 1 }, { a: undefined }, Array.from({ length: 1 }), new Map()])
    expect(() => canonicalJson(value as JsonValue), String(value)).toThrow(RangeError)
})

const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
  ),
})).value

test('canonical JSON says the same value, and the same text whatever the order of names', () => {
  const shuffled = (value: JsonValue): JsonValue => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return (value as readonly JsonValue[]).map(shuffled)
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([name, member]: [string, JsonValue]) => [name, shuffled(member)]),
    )
  }
  fc.assert(
    fc.property(values, (value) => {
      const text = canonicalJson(value)
      expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text)
      expect(canonicalJson(shuffled(value))).toBe(text)
    }),
  )
})

test('the root is that of RFC 6962’s tree', () => {
  const sha = (...parts: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
  const rootOf = (leaves: readonly Buffer[]): Buffer => {
    const [only] = leaves
    if (!only) return sha()
    if (leaves.length === 1) return sha(Buffer.of(0), only)
    let half = 1
    while (half * 2 < leaves.length) half *= 2
    return sha(Buffer.of(1), rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)))
  }
  let frontier: MerkleFrontier = []
  const leaves: Buffer[] = []
  for (let count = 0; count <= 70; count += 1) {
    expect(merkleRoot(frontier)).toBe(rootOf(leaves).toString('hex'))
    const leaf = sha(Buffer.from(String(count)))
    leaves.push(leaf)
    frontier = addLeaf({ frontier, entryHash: leaf.toString('hex') })
  }
  expect(frontier.length).toBeLessThan(8)
})

const recordOf = (index: number): AuditRecord => ({
  organizationId: 'acme',
  atMs: 1_000 + index,
  actor: { kind: 'principal', id: 'ann' },
  via: 'api',
  action: 'budgets:write',
  target: { kind: 'budget', id: `b${index}` },
  before: { limit: '10' },
  after: { limit: String(index), mode: 'hard' },
  requestId: null,
  addressDigest: null,
})

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const isSigned = ({ bytes, signature }: { bytes: Uint8Array; signature: string }) =>
  verify(null, bytes, publicKey, Buffer.from(signature, 'base64url'))

/** A log with a signed checkpoint after every fourth entry. */
function logOf(records: readonly AuditRecord[]) {
  const entries: AuditEntry[] = []
  const checkpoints: SignedCheckpoint[] = []
  let frontier: MerkleFrontier = []
  for (const record of records) {
    const head = entries.at(-1)
    const entry = appendEntry({ record, ...(head ? { head } : {}) })
    entries.push(entry)
    frontier = addLeaf({ frontier, entryHash: entry.hash })
    if (entry.sequence % 4 !== 0) continue
    const checkpoint = checkpointOf({ organizationId: 'acme', head: entry, frontier, atMs: record.atMs })
    const signature = sign(null, checkpointBytes(checkpoint), privateKey).toString('base64url')
    checkpoints.push({ checkpoint, signature })
  }
  return { entries, checkpoints }
}

const LOG = logOf(Array.from({ length: 12 }, (_, index) => recordOf(index)))
const judge = (entries: readonly AuditEntry[], checkpoints = LOG.checkpoints) =>
  verifyChain({ organizationId: 'acme', entries, checkpoints, isSigned })

test('an untouched log is good, and its checkpoints vouch for it', () => {
  expect(judge(LOG.entries)).toEqual({ isGood: true, faults: [], anchored: 12, count: 12 })
  expect(judge(LOG.entries.slice(0, 10), LOG.checkpoints.slice(0, 2))).toMatchObject({
    isGood: true,
    anchored: 8,
  })
  expect(judge([], [])).toMatchObject({ isGood: true, count: 0 })
  expect(LOG.entries[0]?.previousHash).toBe(NO_HASH)
  const empty = checkpointOf({ organizationId: 'acme', frontier: [], atMs: 0 })
  const signature = sign(null, checkpointBytes(empty), privateKey).toString('base64url')
  expect(judge(LOG.entries, [{ checkpoint: empty, signature }]).isGood).toBe(true)
})

test.each([
  ['organizationId', 'other'],
  ['atMs', 5],
  ['actor', { kind: 'principal', id: 'bob' }],
  ['via', 'cli'],
  ['action', 'budgets:read'],
  ['target', { kind: 'budget', id: 'bx' }],
  ['before', null],
  ['after', { limit: '1', mode: 'soft' }],
  ['requestId', 'r'],
  ['addressDigest', 'd'],
  ['sequence', 40],
  ['previousHash', 'ab'.repeat(32)],
  ['hash', 'ab'.repeat(32)],
] as const)('a changed %s is found', (name, value) => {
  const members = Object.keys(LOG.entries[0] ?? {})
  expect(members).toContain(name)
  expect(members).toHaveLength(13)
  for (const place of [0, 5, 11]) {
    const changed = LOG.entries.map((entry, index) => (index === place ? { ...entry, [name]: value } : entry))
    expect(judge(changed).isGood).toBe(false)
    // Without a checkpoint as well: the chain alone finds what is not followed by new hashes.
    expect(judge(changed, []).isGood).toBe(false)
  }
})

test('whatever is removed, put in, exchanged or repeated is found', () => {
  const place = fc.nat({ max: 11 })
  fc.assert(
    fc.property(
      fc.constantFrom('remove', 'insert', 'swap', 'repeat', 'cut', 'move'),
      place,
      place,
      (how, one, other) => {
        const entries = [...LOG.entries]
        const [first, second] = [entries[one], entries[other]]
        if (!first || !second) throw new Error('no such entry')
        if (how === 'remove') entries.splice(one, 1)
        if (how === 'insert') entries.splice(one, 0, { ...second, sequence: one + 1 })
        if (how === 'repeat') entries.splice(one, 0, first)
        if (how === 'cut') entries.splice(one)
        if (how === 'swap') [entries[one], entries[other]] = [second, first]
        if (how === 'move') entries.splice(other, 0, ...entries.splice(one, 1))
        const isSame = entries.length === 12 && entries.every((entry, index) => entry === LOG.entries[index])
        expect(judge(entries).isGood).toBe(isSame)
      },
    ),
  )
})

test('a history that is written anew from some entry on hangs together, and is found by a checkpoint', () => {
  for (const from of [0, 5, 11]) {
    const rewritten = logOf(
      LOG.entries.map((_, index) => ({
        ...recordOf(index),
        ...(index >= from ? { via: 'cli' as const } : {}),
      })),
    ).entries
    expect(judge(rewritten, []).isGood).toBe(true)
    const verdict = judge(rewritten)
    expect(verdict.faults.map(({ kind }) => kind)).toContain('checkpoint_differs')
    expect(verdict.anchored).toBe(from - (from % 4))
  }
})

test('entries of another history that are good in themselves do not follow these', () => {
  const other = logOf(LOG.entries.map((_, index) => ({ ...recordOf(index), via: 'cli' as const }))).entries
  const spliced = [...LOG.entries.slice(0, 5), ...other.slice(5)]
  expect(judge(spliced, []).faults).toEqual([{ kind: 'link_broken', sequence: 6 }])
})

test('a cut end is found by a checkpoint that has seen it, and a forged checkpoint by its signature', () => {
  expect(judge(LOG.entries.slice(0, 11)).faults).toEqual([{ kind: 'entries_missing', sequence: 12 }])
  const [signed] = LOG.checkpoints
  if (!signed) throw new Error('no checkpoint')
  for (const change of [{ head: NO_HASH }, { count: 3 }, { atMs: 1 }, { merkleRoot: NO_HASH }]) {
    const forged = { ...signed, checkpoint: { ...signed.checkpoint, ...change } }
    expect(judge(LOG.entries, [forged]).faults).toEqual([
      { kind: 'signature_invalid', sequence: forged.checkpoint.count },
    ])
    const isUnseen = 'atMs' in change
    const unsigned = verifyChain({ organizationId: 'acme', entries: LOG.entries, checkpoints: [forged] })
    expect(unsigned.isGood).toBe(isUnseen)
  }
  const foreign = { ...signed, checkpoint: { ...signed.checkpoint, organizationId: 'other' } }
  expect(judge(LOG.entries, [foreign]).faults).toEqual([{ kind: 'wrong_organization', sequence: 4 }])
})

test('faults are told where they are', () => {
  const changed = LOG.entries.map((entry) => (entry.sequence === 6 ? { ...entry, after: null } : entry))
  expect(judge(changed)).toEqual({
    isGood: false,
    faults: [{ kind: 'entry_changed', sequence: 6 }],
    anchored: 4,
    count: 12,
  })
  const odd = LOG.entries.map((entry) => (entry.sequence === 6 ? { ...entry, after: 0.5 } : entry))
  expect(judge(odd).faults).toEqual([{ kind: 'entry_malformed', sequence: 6 }])
})

test('what is too large for a log of settings is refused', () => {
  const record = { ...recordOf(0), after: 'x'.repeat(40_000) }
  expect(() => appendEntry({ record })).toThrow(RangeError)
})
