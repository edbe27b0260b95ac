import { z } from 'zod'
import { LIMITS } from '../lib/limits.ts'
import { parseUsd } from '../lib/money.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const milliseconds = z.coerce.number().int().min(0).max(600_000)
const privateKey = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'is not a private key: 0x and 64 hex digits')
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address: 0x and 40 hex digits')
  .transform((text): `0x${string}` => `0x${text.slice(2).toLowerCase()}`)
const recipients = z
  .string()
  .regex(
    /^(anybody|0x[0-9a-fA-F]{40}(,0x[0-9a-fA-F]{40})*)$/,
    'is neither a list of addresses (0x and 40 hex digits each) nor the word anybody',
  )
  .transform((text) =>
    text === 'anybody'
      ? text
      : text.split(',').map((one): `0x${string}` => `0x${one.slice(2).toLowerCase()}`),
  )
const secret = z.string().min(32, 'is too short: at least 32 characters')
const networks = z
  .string()
  .regex(/^eip155:\d+(,eip155:\d+)*$/, 'is not a list like eip155:8453,eip155:84532')
  .transform((text) => text.split(',').map((name): `eip155:${number}` => `eip155:${Number(name.slice(7))}`))

/** A list like `eip155:8453/USDC`: a network, and a symbol or an address on it. */
const tokenNames = z
  .string()
  .regex(
    /^eip155:\d+\/[^\s,/]{1,42}(,eip155:\d+\/[^\s,/]{1,42})*$/u,
    'is not a list like eip155:8453/USDC,eip155:42161/0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9',
  )
  .transform((text) =>
    text.split(',').map((row) => {
      const [name = '', token = ''] = row.split('/')
      const network: `eip155:${number}` = `eip155:${Number(name.slice(7))}`
      return { network, token }
    }),
  )

/** A list like `eip155:8453=0.05`: a decimal amount per network, as pico of its unit. */
const amounts = z
  .string()
  .regex(
    /^eip155:\d+=\d{1,6}(\.\d{1,12})?(,eip155:\d+=\d{1,6}(\.\d{1,12})?)*$/,
    'is not a list like eip155:8453=0.002',
  )
  .transform((text) =>
    text.split(',').map((row) => {
      const [name = '', amount = ''] = row.split('=')
      const network: `eip155:${number}` = `eip155:${Number(name.slice(7))}`
      return { network, amountPico: parseUsd(amount) ?? 0n }
    }),
  )

/** JSON: a unit and a role per group of an identity provider. */
const groups = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue('is not JSON')
      return z.NEVER
    }
  })
  .pipe(z.record(z.string(), z.strictObject({ unit: z.string().min(1), role: z.string().min(1) })))

/**
 * Every variable that the server reads, with its default and its sentence for people. `.env.example` is generated from
 * this table, and a test keeps the two equal. Beside these, `TURNPIKE_RPC_<chainId>` (a comma-separated list) and
 * `<PROVIDER>_API_KEY` / `<PROVIDER>_BASE_URL` are read by name.
 */
export const VARIABLES = z.object({
  PORT: port.default(4020).describe('Port of the public listener; 0 takes a free one.'),
  HOST: z.string().default('127.0.0.1').describe('Address of the public listener.'),
  TURNPIKE_PUBLIC_URL: z
    .url()
    .optional()
    .describe('Origin under which callers reach this server, where a proxy stands in front.'),
  TURNPIKE_ADMIN_URL: z
    .url()
    .optional()
    .describe(
      'Origin of the operator API: the commands ask it, and members sign in there. dev is found by itself.',
    ),
  TURNPIKE_ADMIN_HOST: z.string().default('127.0.0.1').describe('Address of the operator listener.'),
  TURNPIKE_ADMIN_PORT: port.optional().describe('Port of the operator listener; dev shares the public one.'),
  TURNPIKE_ADMIN_TOKEN: secret.optional().describe('Bearer token of the operator API.'),
  TURNPIKE_OIDC_ISSUER: z
    .url()
    .regex(
      /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/,
      'is not https (http is for this machine alone)',
    )
    .optional()
    .describe('OpenID Connect provider that vouches for members, by its issuer.'),
  TURNPIKE_OIDC_CLIENT_ID: z.string().optional().describe('Our name at that provider.'),
  TURNPIKE_OIDC_CLIENT_SECRET: z.string().optional().describe('Our secret at that provider.'),
  TURNPIKE_OIDC_DOMAINS: z
    .string()
    .transform((text) => text.split(',').map((domain) => domain.trim().toLowerCase()))
    .optional()
    .describe(
      'Domains of verified e-mails that the provider may vouch for, e.g. example.com. Without it: all.',
    ),
  TURNPIKE_OIDC_GROUPS_CLAIM: z
    .string()
    .default('groups')
    .describe('Claim of the id token that lists the groups of a member.'),
  TURNPIKE_OIDC_GROUPS: groups
    .optional()
    .describe(
      'Where a group puts who has no login yet, and as what: {"engineers":{"unit":"<id>","role":"developer"}}. Without it nobody new is let in.',
    ),
  TURNPIKE_AUDIT_KEY: z
    .string()
    .regex(/^MC4CAQAwBQYDK2VwBCIEI[A-Za-z0-9+/]{43}$/, 'is not an ed25519 key as base64 of PKCS #8 (DER)')
    .optional()
    .describe(
      'Signs checkpoints of audit logs: openssl genpkey -algorithm ed25519 -outform DER | base64 -w0. Without it none are made.',
    ),
  TURNPIKE_DATA_DIR: z
    .string()
    .default('.turnpike')
    .describe('Folder of the embedded database and the dev chain.'),
  TURNPIKE_REGION: z
    .string()
    .default('local')
    .describe('Region of this instance, recorded with every attempt.'),
  DATABASE_URL: z
    .string()
    .optional()
    .describe('Postgres. Without it the embedded database runs, which does not fsync.'),
  REDIS_URL: z.string().optional().describe('Redis: wakes the settlement at once. Without it a timer does.'),
  TURNPIKE_NETWORKS: networks.optional().describe('Networks that are taken, e.g. eip155:8453.'),
  TURNPIKE_TOKENS: tokenNames
    .optional()
    .describe(
      'Tokens that are taken, in the order of the offers, e.g. eip155:8453/USDC,eip155:137/USDT0. Without it: all of the table on these networks.',
    ),
  TURNPIKE_PAY_TO: address
    .optional()
    .describe('Cold address that receives the revenue. Its key is never needed.'),
  TURNPIKE_SIGNER_KEY: privateKey.optional().describe('Key that sends settlements; holds gas only.'),
  TURNPIKE_TILL_KEY: privateKey.optional().describe('Key of the till: takes exact payments, pays refunds.'),
  TURNPIKE_RECEIVER_AUTHORIZER_KEY: privateKey
    .optional()
    .describe('Key that signs claims and refunds of channels.'),
  TURNPIKE_FACILITATOR_KEY: privateKey
    .optional()
    .describe(
      'facilitator: key that submits payments of others; holds gas only, and is no other key of yours.',
    ),
  TURNPIKE_FACILITATOR_PORT: port
    .default(4021)
    .describe('facilitator: port of its listener; 0 takes a free one.'),
  TURNPIKE_FACILITATOR_PAY_TO: recipients
    .optional()
    .describe(
      'facilitator: who may be paid: a list of addresses, or "anybody". Needed where there is no access token.',
    ),
  TURNPIKE_FACILITATOR_MIN_USD: z
    .string()
    .default('0.0001')
    .transform((text, context) => {
      const amountPicoUsd = parseUsd(text)
      if (amountPicoUsd === undefined) context.addIssue('is not an amount in USD like 0.0001')
      return amountPicoUsd ?? 0n
    })
    .describe('facilitator: the smallest payment in USD that is worth its gas.'),
  TURNPIKE_FACILITATOR_ACCESS_TOKEN: secret
    .optional()
    .describe(
      'facilitator: bearer token that orders must carry. Without it anybody may order, within the rate.',
    ),
  TURNPIKE_FACILITATOR_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(LIMITS.facilitatorPerMinute)
    .describe('facilitator: orders per address and minute, of those who have no token.'),
  TURNPIKE_QUOTE_SECRET: secret.optional().describe('Signs quotes; the same on every instance.'),
  TURNPIKE_KEY_PEPPERS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(secret))
    .optional()
    .describe(
      "Secrets under which callers' keys are hashed, oldest first: the last makes new keys, and a key lives as long as its own is listed.",
    ),
  TURNPIKE_WALLETS: z
    .enum(['all', 'known'])
    .default('all')
    .describe('known: only wallets that an organisation has linked, or that you have allowed, are served.'),
  TURNPIKE_SCREENING_FILE: z
    .string()
    .optional()
    .describe('JSON list of wallets that are not served, or are to be looked at: {version, deny, review}.'),
  TURNPIKE_SCREENING_KEY: z
    .string()
    .optional()
    .describe(
      'ed25519 public key (base64 of its SPKI) that must have signed the list; the signature is in FILE.sig.',
    ),
  TURNPIKE_SCREENING_SILENCE: z
    .enum(['open', 'closed'])
    .default('closed')
    .describe('Whether wallets are served while a screening service does not answer.'),
  TURNPIKE_WEBHOOK_SECRET: secret
    .optional()
    .describe(
      'Encrypts the secrets of webhook subscriptions; the same on every instance, and kept. Without it TURNPIKE_QUOTE_SECRET does.',
    ),
  TURNPIKE_WEBHOOK_KEY: z
    .string()
    .regex(/^whsk_[A-Za-z0-9+/]{43,86}={0,2}$/, 'is not an ed25519 key: whsk_ and base64 of 32 or 64 bytes')
    .optional()
    .describe(
      'ed25519 key (whsk_ and base64) that signs webhooks beside their own secrets; its public half is at /.well-known/webhook-keys.json.',
    ),
  TURNPIKE_MARGIN_BPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(500)
    .describe('Margin on cost, in basis points.'),
  TURNPIKE_CATALOG_FILE: z
    .string()
    .optional()
    .describe("JSON file of the operator's own models, endpoints, prices, margins, aliases and tokens."),
  TURNPIKE_SETTLEMENT_FEES: amounts
    .optional()
    .describe('Expected gas of one upto or exact settlement in USD, per network, e.g. eip155:8453=0.002.'),
  TURNPIKE_COIN_USD: amounts
    .optional()
    .describe(
      'USD that one coin of a network is worth, e.g. eip155:8453=3000: gas that takes too much of a value waits.',
    ),
  TURNPIKE_MAX_GAS_PER_DAY: amounts
    .optional()
    .describe('Coins that a network may cost in gas within 24 hours, e.g. eip155:8453=0.05.'),
  TURNPIKE_MAX_GAS_PRICE: amounts
    .optional()
    .describe(
      'Gwei that a unit of gas may cost on a network, its tip included, e.g. eip155:137=500. Without it: 200, and of these 5 as a tip.',
    ),
  TURNPIKE_SPONSORED_PERMITS: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe(
      'Permits of payers without a Permit2 allowance (EIP-2612) whose gas is yours, per network within 24 hours. 0: none, and not offered.',
    ),
  TURNPIKE_SPONSORED_APPROVALS: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe(
      'Signed approvals of such payers, for tokens without permits, that you send and give the coins for their gas, per network within 24 hours. 0: none, and not offered.',
    ),
  TURNPIKE_MAX_FEE_SHARE: z.coerce
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Schemes whose fee is a larger share of the estimate are not offered.'),
  TURNPIKE_DEFAULT_OUTPUT_TOKENS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(LIMITS.defaultOutputTokens)
    .describe('Output cap where the caller gives none.'),
  TURNPIKE_FREE_CALLS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000_000)
    .default(60)
    .describe('Calls to models of price zero, per address and minute.'),
  TURNPIKE_UNPAID_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(LIMITS.unpaidPerMinute)
    .describe(
      'Requests on paid paths that were not paid for, per address and minute; this machine has no limit.',
    ),
  TURNPIKE_TRUSTED_PROXIES: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('Proxies in front that set X-Forwarded-For: how many of its addresses are theirs.'),
  TURNPIKE_DEV_CHAIN_PORT: port.default(0).describe('dev: port of the dev chain; 0 takes a free one.'),
  TURNPIKE_SIM: z
    .enum(['on', 'off'])
    .default('on')
    .describe('dev: off uses provider keys instead of the simulated provider.'),
  TURNPIKE_SIM_FIRST_TOKEN_MS: milliseconds.default(150).describe('dev: simulated time to the first token.'),
  TURNPIKE_SIM_TOKENS_PER_SECOND: z.coerce
    .number()
    .min(0.1)
    .max(1_000_000)
    .default(40)
    .describe('dev: simulated speed.'),
  TURNPIKE_SIM_SEED: z.coerce.number().int().min(0).default(1).describe('dev: seed of the simulated text.'),
})

export type Variables = z.infer<typeof VARIABLES>
