import { expect, test } from 'vitest'
import { identityOf } from '../../../src/app/options/identity-options.ts'
import { readConfig } from '../../../src/config/read-config.ts'

const SET = {
  TURNPIKE_OIDC_ISSUER: 'https://id.example.com',
  TURNPIKE_OIDC_CLIENT_ID: 'turnpike',
  TURNPIKE_OIDC_CLIENT_SECRET: 'secret',
}
const read = (environment: Record<string, string>) => identityOf(readConfig(environment))

test('a provider is three variables, with whom it may let in', () => {
  expect(read({})).toBeUndefined()
  expect(read(SET)).toEqual({
    issuer: 'https://id.example.com',
    clientId: 'turnpike',
    clientSecret: 'secret',
    groupsClaim: 'groups',
    groups: new Map(),
  })
  expect(
    read({
      ...SET,
      TURNPIKE_OIDC_DOMAINS: 'Example.com, example.org',
      TURNPIKE_OIDC_GROUPS: '{"leads":{"unit":"u1","role":"admin"}}',
    }),
  ).toMatchObject({
    domains: ['example.com', 'example.org'],
    groups: new Map([['leads', { unitId: 'u1', role: 'admin' }]]),
  })
})

test.each([
  [
    'a part is missing',
    { ...SET, TURNPIKE_OIDC_CLIENT_SECRET: '' },
    'TURNPIKE_OIDC_CLIENT_SECRET is required',
  ],
  [
    'the issuer is not https',
    { ...SET, TURNPIKE_OIDC_ISSUER: 'http://id.example.com' },
    'TURNPIKE_OIDC_ISSUER',
  ],
  ['groups are no JSON', { ...SET, TURNPIKE_OIDC_GROUPS: 'leads=u1' }, 'TURNPIKE_OIDC_GROUPS is not JSON'],
  [
    'a group has no role',
    { ...SET, TURNPIKE_OIDC_GROUPS: '{"leads":{"unit":"u1"}}' },
    'TURNPIKE_OIDC_GROUPS',
  ],
])('it is refused where %s', (_what, environment, problem) => {
  expect(() => read(environment)).toThrow(problem)
})
