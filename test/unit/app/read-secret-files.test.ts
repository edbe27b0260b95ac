import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readSecretFiles } from '../../../src/app/read-secret-files.ts'
import { ConfigError } from '../../../src/config/read-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
const file = join(folder, 'openai')
writeFileSync(file, 'sk-a*3\nsk-b\n')
afterAll(() => rmSync(folder, { recursive: true }))

test('a secret is read from the file that its variable names', () => {
  expect(readSecretFiles({ OPENAI_API_KEY_FILE: file, PORT: '1' })).toEqual({
    OPENAI_API_KEY: 'sk-a*3\nsk-b',
    PORT: '1',
  })
})

test('what is no secret keeps its name', () => {
  const environment = { TURNPIKE_CATALOG_FILE: file, OPENAI_API_KEY: 'sk-a', TURNPIKE_SIGNER_KEY_FILE: '' }
  expect(readSecretFiles(environment)).toEqual(environment)
})

test('a file that is not there, and a secret given twice, are named at once and never repeated', () => {
  const environment = {
    TURNPIKE_SIGNER_KEY_FILE: join(folder, 'nothing'),
    OPENAI_API_KEY: 'sk-secret',
    OPENAI_API_KEY_FILE: file,
  }
  const read = () => readSecretFiles(environment)
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(/TURNPIKE_SIGNER_KEY_FILE: .*cannot be read/)
  expect(read).toThrow('OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set')
  expect(read).not.toThrow(/sk-/)
})
