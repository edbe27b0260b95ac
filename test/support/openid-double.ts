import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'

type Json = Record<string, unknown>

/** Who signs in at the provider. */
export type Account = {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: boolean
  readonly name?: string
  readonly groups?: readonly string[]
}

/** What the provider gets wrong. */
export type Lie = {
  /** Over the claims of the id token. */
  readonly claims?: Json
  readonly header?: Json
  /** `none`: no signature; `stranger`: by a key that is not published. */
  readonly signature?: 'none' | 'stranger'
  /** Over the query with which it sends the browser back. */
  readonly callback?: Record<string, string>
}

type Grant = { readonly account: Account; readonly query: URLSearchParams }

const CLIENT = { id: 'turnpike at test', secret: 'secret of a client: +/=&' }
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 })

/** An OpenID Connect provider as it is on the wire: discovery, keys, authorisation code with PKCE, token endpoint with client_secret_basic or _post. */
export async function openOpenIdDouble() {
  const keys = newKey()
  const stranger = newKey()
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }
  const codes = new Map<string, Grant>()
  const tokenRequests: Json[] = []
  let account: Account = { sub: 'nobody' }
  let lie: Lie = {}
  const app = express()
  app.use(express.urlencoded({ extended: false }))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  app.get('/.well-known/openid-configuration', (_request, response) => {
    response.json({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    })
  })
  app.get('/keys', (_request, response) => {
    response.json({ keys: [jwk] })
  })
  app.get('/authorize', (request, response) => {
    const { searchParams: query } = new URL(request.originalUrl, issuer)
    const isGood =
      query.get('response_type') === 'code' &&
      query.get('client_id') === CLIENT.id &&
      query.get('scope')?.split(' ').includes('openid') === true &&
      query.get('code_challenge_method') === 'S256'
    if (!isGood) {
      response.status(400).json({ error: 'invalid_request' })
      return
    }
    const code = randomBytes(16).toString('base64url')
    codes.set(code, { account, query })
    const back = new URL(query.get('redirect_uri') ?? '')
    const told = { code, state: query.get('state') ?? '', ...lie.callback }
    for (const [name, value] of Object.entries(told)) back.searchParams.set(name, value)
    response.redirect(302, back.href)
  })
  app.post('/token', (request, response) => {
    const body = request.body as Record<string, string>
    tokenRequests.push(body)
    const grant = codes.get(body['code'] ?? '')
    codes.delete(body['code'] ?? '')
    const challenge = createHash('sha256')
      .update(body['code_verifier'] ?? '')
      .digest('base64url')
    const isGood =
      isClient(request.headers.authorization, body) &&
      body['grant_type'] === 'authorization_code' &&
      body['redirect_uri'] === grant?.query.get('redirect_uri') &&
      challenge === grant?.query.get('code_challenge')
    if (!grant || !isGood) {
      response.status(400).json({ error: 'invalid_grant' })
      return
    }
    response.set('cache-control', 'no-store').json({
      access_token: randomUUID(),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken(grant),
    })
  })

  function idToken({ account: who, query }: Grant): string {
    const seconds = Math.floor(Date.now() / 1_000)
    const { header, claims, signature } = lie
    const told = { iss: issuer, aud: CLIENT.id, iat: seconds, exp: seconds + 300, nonce: query.get('nonce') }
    const alg = signature === 'none' ? 'none' : 'RS256'
    const input = `${encode({ alg, kid: 'k1', typ: 'JWT', ...header })}.${encode({ ...told, ...who, ...claims })}`
    if (signature === 'none') return `${input}.`
    const key = signature === 'stranger' ? stranger.privateKey : keys.privateKey
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
  }

  return {
    issuer,
    client: CLIENT,
    tokenRequests,
    /** Who sits before the browser, and what the provider gets wrong. */
    as(who: Account, wrong: Lie = {}) {
      account = who
      lie = wrong
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function isClient(authorization: string | undefined, body: Record<string, string>): boolean {
  if (authorization === undefined)
    return body['client_id'] === CLIENT.id && body['client_secret'] === CLIENT.secret
  const [id = '', secret = ''] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
    .map((part) => decodeURIComponent(part.replaceAll('+', ' ')))
  return id === CLIENT.id && secret === CLIENT.secret
}
