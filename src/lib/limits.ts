/** Every limit of the house. A limit that an operator may change is a default here and a variable in config/. */
export const LIMITS = {
  /** Bytes of a request body. */
  bodyBytes: 10 * 1024 * 1024,
  /** Bytes of a payment header once its base64 is decoded. */
  paymentHeaderBytes: 8 * 1024,
  /** Depth of nested JSON in a request. */
  jsonDepth: 64,
  /** Longest call, from admission to its last byte. */
  callSeconds: 600,
  /** Until the upstream has accepted the connection; until its first content; between two chunks. */
  connectMs: 2_000,
  firstContentMs: 120_000,
  betweenChunksMs: 60_000,
  /** How long a signed quote is honoured. */
  quoteSeconds: 120,
  /** Other models that a quote prices as well. */
  quoteAlternatives: 5,
  /** OpenAI's own limit of one embeddings request. */
  embeddingInputs: 2_048,
  /** Time that a stock client gives its signature: x402 `maxTimeoutSeconds`. */
  maxTimeoutSeconds: 120,
  /** The same for `upto`, whose settlement comes after the call, and what must remain of it on arrival. */
  uptoTimeoutSeconds: 900,
  uptoRemainingSeconds: 840,
  /** What must remain of an `exact` authorisation on arrival: it is settled at once. */
  exactRemainingSeconds: 6,
  /** Payer's withdrawal delay of a channel, and its announced smallest deposit in USD. */
  withdrawDelaySeconds: 86_400,
  minDepositPicoUsd: 1_000_000_000_000n,
  /** What a payer may put in at once: from $1 to $10,000. */
  minTopUpPicoUsd: 1_000_000_000_000n,
  maxTopUpPicoUsd: 10_000_000_000_000_000n,
  /** Credit that is worth its gas is refunded after this time; what the till keeps of its own. */
  refundAfterMs: 600_000,
  tillFloatPicoUsd: 20_000_000_000_000n,
  /** Unsettled `upto` per payer; when a channel is claimed. */
  exposurePicoUsd: 1_000_000_000_000n,
  claimAtPicoUsd: 1_000_000_000_000n,
  claimEverySeconds: 600,
  /** What a channel may owe, charged and held, before a claim; more waits for the claim. */
  unclaimedPicoUsd: 5_000_000_000_000n,
  /** Requests on paid paths that were not admitted, per address and minute. */
  unpaidPerMinute: 6_000,
  /** A corrected client's turn, and how many calls may wait for turns on one channel. */
  turnMs: 1_500,
  turnWaiters: 256,
  /** A marked retry within this time of a call that ended undelivered is that call. */
  retryWindowMs: 30_000,
  /** Lease of an instance or a job; renewed at a third of it. */
  leaseMs: 5_000,
  /** Output cap where the caller gave none. */
  defaultOutputTokens: 4_096,
  /** Ceiling up to which the input bound may be bytes; beyond it the tokenizer counts. */
  byteBoundCeilingPicoUsd: 100_000_000_000n,
  /** Above this ceiling ($1) stock x402 clients refuse to pay. */
  stockClientCeilingPicoUsd: 1_000_000_000_000n,
  /** A transaction that no block has taken after this time is signed again with a higher fee. */
  replaceAfterMs: 30_000,
  /** How far back, before a payment was received, somebody else's submission of it is looked for. */
  adoptionSeconds: 3_600,
  /** Share of the moved value that gas may take, in basis points; waived where waiting would lose the value. */
  gasShareBps: 2_500n,
  /** Wei that a network may cost within 24 hours: 0.05 of its coin. */
  gasPerDayWei: 50_000_000_000_000_000n,
  /** Permits of one payer whose gas is ours, within 24 hours. */
  sponsoredPerPayer: 20,
  /** Signed approvals of one payer that are given their gas, within 24 hours; that of one; what it may offer, in times of the usual price. */
  approvalsPerPayer: 3,
  approvalGas: 100_000n,
  approvalFeeFactor: 4n,
  /** How long such an approval is sent again, and how long its call waits for it. */
  sponsoredApprovalMs: 600_000,
  approvalWaitMs: 30_000,
  /** An `upto` authorisation with less time left is settled though gas is dear. */
  uptoUrgentSeconds: 300,
  /** Once one RPC has answered, how long the others of its network are waited for. */
  rpcPatienceMs: 1_000,
  /** How long a hosted facilitator is waited for: it answers once the chain has taken the payment. */
  facilitatorMs: 20_000,
  /** Between two words to a caller over MCP that its tool still runs. */
  mcpProgressMs: 1_000,
  /** Of `turnpike facilitator`: bytes of an order, settled payments that are remembered, orders at once, orders per address and minute. */
  facilitatorBodyBytes: 64 * 1024,
  facilitatorRemembered: 10_000,
  facilitatorAtOnce: 256,
  facilitatorPerMinute: 600,
  /** Gas of one transaction that it sends, and how long it waits for a block to take it. */
  facilitatorGas: 400_000n,
  facilitatorWaitMs: 15_000,
  /** A body has to be there by then; and so long is a payer not served whose transaction was mined and reverted. */
  facilitatorBodyMs: 2_000,
  facilitatorPauseMs: 600_000,
  /** How long its start waits for transactions of its key that are still under way. */
  facilitatorIdleMs: 30_000,
  /** Bytes of one answer of an RPC. */
  rpcAnswerBytes: 8 * 1024 * 1024,
  /** Calls grouped into one database statement. */
  groupSize: 512,
  /** How many times the first endpoint's price one may cost that steps in for it. */
  failoverPriceFactor: 3,
  /** Failures in a row that open an endpoint's circuit; how long it stays open at first, at most, and when an opening is forgotten. */
  circuitFailures: 5,
  circuitOpenMs: 1_000,
  circuitOpenMaxMs: 60_000,
  circuitForgetMs: 60_000,
  /** A probe without a result for so long is given up, and another call may be one. */
  circuitProbeMs: 30_000,
  /** Observations, decayed, from which a share of successes below one half opens the circuit as well. */
  circuitSamples: 10,
  /** Half-life of what is remembered of an endpoint's successes. */
  healthHalfLifeMs: 120_000,
  /** How long a share of successes stands for what it decays to: in this time it forgets a hundredth. */
  healthHoldsMs: 1_500,
  /** Between two exchanges of health with the other instances; how old what is read at a start may be. */
  healthFlushMs: 2_000,
  healthKeptMs: 3_600_000,
  /** Pause after a 429 that does not say how long: at first, doubled each time, at most. */
  limitedMs: 1_000,
  limitedMaxMs: 30_000,
  /** One attempt more for so many calls; what may be saved up; what there is at a start. */
  retryCallsPerAttempt: 10,
  retrySaved: 100,
  retryAtStart: 10,
  /** Said to a caller whose call was not tried elsewhere because the budget is empty. */
  retryBudgetWaitMs: 1_000,
  /** A first token is late at so many times the endpoint's 95th percentile, never before this time, and only where so many are known. */
  slowStartFactor: 3,
  slowStartLeastMs: 2_000,
  slowStartSamples: 20,
  /** How often one call is continued elsewhere after its stream broke, as long as the signed ceiling covers it. */
  continuations: 2,
  /** Tokens that stand around a prefix which is sent along. */
  prefixFrameTokens: 16,
  /** Inputs below this are in no provider's cache. */
  cachedInputTokens: 1_024,
  /** Conversations whose prompt caches an instance has in mind, and for how long: providers keep them five minutes. */
  promptCaches: 50_000,
  promptCacheMs: 300_000,
  /** The same of another model's endpoint, in percent; models and endpoints of one plan. */
  failoverModelPricePercent: 150,
  planModels: 3,
  planEndpoints: 8,
  /** Candidates of a decision that are explained, in a quote and with a stored call. */
  explainedCandidates: 8,
  storedCandidates: 3,
  /** Where no more than so many have passed the filters, all of them are compared once more by a what-if. */
  comparedCandidates: 24,
  /** Names in one list of a request's routing options. */
  routingNames: 64,
  /** After so long it is worth asking again where every endpoint is down and none says when. */
  endpointsDownMs: 5_000,
  /** Choices of one call. */
  choices: 16,
  /** Tools of one call, and characters of the model's name. */
  tools: 500,
  modelNameChars: 256,
  /** Connections to one provider; a call beyond them waits, at most connectMs. */
  upstreamConnections: 1_024,
  /** Bytes of one event of an upstream's stream, and of its whole answer. */
  upstreamEventBytes: 1024 * 1024,
  upstreamAnswerBytes: 64 * 1024 * 1024,
  /** How far a provider's count may be from our own, in basis points: by the model's own tokenizer, and by the endpoint's usual ratio. */
  usageOwnToleranceBps: 500,
  usageRatioToleranceBps: 2_500,
  /** Tokens of an answer that are in no text: the end of the turn, a stop sequence, the marks around a channel. */
  usageOutputSlackTokens: 16,
  /** Calls before an endpoint's ratio is a measure, and calls that must differ from it before that is a finding. */
  usageRatioCalls: 8,
  usageRatioFindingCalls: 3,
  /** The first calls of an endpoint are counted; of later ones every so manieth; so many that agree in a row close a finding. */
  usageWindowCalls: 16,
  usageCountedEvery: 64,
  /** Characters of a text that is counted; characters counted in a second (2 % of a core), and at once after a quiet time. */
  usageCountChars: 65_536,
  usageCharsPerSecond: 65_536,
  usageCharsAtOnce: 262_144,
  /** Calls whose text waits to be counted. */
  usageWaiting: 32,
  /** Endpoints and directions that an instance keeps in mind. */
  usageTracks: 4_096,
  /** Between two writes of what was found about usage; how long an operator's answer to such a finding stands. */
  usageFindingsMs: 5_000,
  usageAnsweredMs: 86_400_000,
  /** Entries of GET lists. */
  listEntries: 100,
  /** Characters of an operator's reason. */
  reasonChars: 500,
  /** Between two reconciliations, two looks at our tokens, and two tries of a server that cannot store. */
  reconcileEveryMs: 300_000,
  tokenWatchMs: 60_000,
  storageRetryMs: 2_000,
  /** A database that does not give its sign of life for so long hangs; it is asked again so often; a full disk is believed so long. */
  storageAnswerMs: 2_000,
  storageProbeMs: 500,
  storageFullMs: 5_000,
  /**
   * How far instances look back for changes of rules: a commit has its time before others see it. What is told twice is known by its number.
   */
  changesLookBackMs: 30_000,
  /** Longest statement of the hot path, and of anything else; longest wait for a connection. */
  hotStatementMs: 15_000,
  statementMs: 300_000,
  storageConnectMs: 3_000,
  /** Blocks read in one stretch of a reconciliation. */
  reconcileBlocks: 10_000n,
  /** How far each reconciliation looks back over what it has judged: clocks differ, and commits take their time. */
  reconcileLookBackMs: 900_000,
  /** A difference that is younger is no finding yet; money of our own under way may take longer. */
  reconcileGraceMs: 120_000,
  reconcileInFlightMs: 3_600_000,
  /** Rows younger than this may still be joined by others of their time; older ones are hashed, a link for each span. */
  historyLagMs: 3_600_000,
  historySpanMs: 3_600_000,
  historyRowsPerLink: 20_000,
  historyLinksPerPass: 24,
  /** Of `turnpike doctor`: how long it waits for one answer. */
  doctorAnswerMs: 3_000,
  /** A newest block that is older comes from an RPC that stands still. */
  staleHeadSeconds: 60,
  /** How far this machine's clock may be from others: an authorisation is valid to the second. */
  clockSkewMs: 5_000,
  /** Gas of a usual settlement, and how many of them a key should have the coins for. */
  settlementGas: 200_000n,
  lowGasSettlements: 100n,
  /** What the predictor reads of a prompt: its head and its tail. */
  featureHeadCharacters: 2_500,
  featureTailCharacters: 1_500,
  /** What experience at a call site is worth half after; how long a call may be judged by its payer; how long its words are kept. */
  feedbackHalfLifeMs: 14 * 86_400_000,
  feedbackWindowMs: 7 * 86_400_000,
  feedbackKeptMs: 90 * 86_400_000,
  /** Counters of a call site are forgotten when nothing was added for so long: a sixteenth is left. */
  callSiteKeptMs: 56 * 86_400_000,
  /** Models at call sites that are kept of one payer, and sites that an instance keeps in mind; those are read again so often. */
  callSitesPerPayer: 512,
  callSitesInMind: 8_192,
  callSiteFreshMs: 60_000,
  /** Between two writes of what was seen of answers; what waits for one; between two clearings. */
  feedbackWriteMs: 2_000,
  feedbackWaiting: 4_096,
  feedbackPruneMs: 3_600_000,
  /** Bytes of POST /v1/feedback, and how many an address may send in a minute. */
  feedbackBodyBytes: 4_096,
  feedbackPerMinute: 120,
  /** The same request within this time of its answer asks again. */
  repeatWindowMs: 120_000,
  repeatsInMind: 16_384,
  /** Characters of an answer's events that are held to see whether it is as asked, and steps of that look. */
  checkedAnswerChars: 262_144,
  schemaSteps: 20_000,
  /** Levels of units in an organisation, itself included; characters of a name. */
  unitLevels: 3,
  nameChars: 120,
  /** Records of one kind that one request of administration looks at, and bytes of its body. */
  governedRecords: 20_000,
  adminBodyBytes: 256 * 1024,
  /** Names in one list of a policy. */
  policyNames: 256,
  /** How long a rotated key may still be used beside its successor: usually, at most. */
  keyOverlapMs: 86_400_000,
  keyOverlapMaxMs: 30 * 86_400_000,
  /** Links of a spend voucher, the first included; characters of one; patterns in one list of models. */
  voucherLinks: 8,
  /** Vouchers of one key that are taken back one by one, of those that may still be alive. */
  revokedVouchers: 1_000,
  voucherChars: 8_192,
  voucherModels: 32,
  /** How long a voucher lives where its maker says nothing, and at most. */
  voucherLifeMs: 86_400_000,
  voucherLifeMaxMs: 90 * 86_400_000,
  /** How long a call waits for the holds of others: usually, at most. Tokens below which no answer is clamped. */
  budgetWaitMs: 2_000,
  budgetWaitMaxMs: 30_000,
  clampLeastTokens: 256,
  /** Calls of one process that wait for budgets at once, and tries of one call whose room was taken in between. */
  budgetWaiters: 2_048,
  /** Of these, calls of one organisation, or of one wallet of nobody's: else one of them could take the line from all others. */
  budgetWaitersOfOne: 512,
  budgetTries: 64,
  runIdChars: 128,
  /** How old what is known of a caller's rules may be, and of how many callers it is kept. A revoked key is dead within a second. */
  rulesFreshMs: 800,
  rulesRefreshMs: 300,
  keptCallers: 20_000,
  /** Days that a caller may look back at what it has used, and rows of day and model. */
  usageDays: 92,
  usageRows: 2_000,
  /** Thresholds and temporary limits of one budget; slots of a rolling window. */
  budgetThresholds: 10,
  budgetOverrides: 20,
  rollingSlots: 60,
  /** Alerts of one kind about one thing are counted together for so long. */
  alertCoalesceMs: 60_000,
  /** Kinds of alerts that an instance counts at a time, and alerts that wait for the database; more are dropped, and counted. */
  alertsCounted: 4_096,
  alertsWaiting: 10_000,
  /** Between two looks for alerts that are to be sent; events in one fan-out; between two counts for the metrics. */
  webhookEveryMs: 2_000,
  webhookFanOut: 100,
  webhookCountMs: 60_000,
  /** Deliveries at once: of an instance, to one subscription. */
  webhooksAtOnce: 16,
  webhooksAtOnceEach: 4,
  /** How long a receiver may take; its lease outlives that; how long a stop waits for it. */
  webhookAnswerMs: 15_000,
  webhookLeaseMs: 30_000,
  webhookStopMs: 2_000,
  /** Bytes of a payload, of the headers of an answer, and of its body, which is not looked at; characters of a URL. */
  webhookBodyBytes: 20_000,
  webhookAnswerBytes: 8 * 1024,
  webhookUrlChars: 2_000,
  /** The longest Retry-After that is honoured. */
  webhookHoldMs: 24 * 3_600_000,
  /** A subscription to which no attempt has succeeded for so long is switched off: longer than the ten attempts of one delivery take. */
  webhookFailingMs: 5 * 86_400_000,
  /** How long the secret before still signs beside a new one. */
  webhookOverlapMs: 86_400_000,
  /** How long a session lasts unused, at most, and how exactly its last use is known. */
  sessionIdleMs: 12 * 3_600_000,
  sessionMs: 7 * 86_400_000,
  sessionSeenMs: 300_000,
  /** Until an invitation has to be accepted; until who was sent to an identity provider has to be back. */
  invitationMs: 86_400_000,
  providerTripMs: 600_000,
  /** Characters of a password, and passwords that are hashed or wait for it at once. */
  passwordLeastChars: 12,
  passwordChars: 1_024,
  passwordsAtOnce: 16,
  /** Tries to sign in, per address and per login, within a minute. */
  signInsPerAddress: 20,
  signInsPerLogin: 10,
  /** How long an identity provider is waited for. */
  identityProviderMs: 10_000,
  /** Bytes of the canonical JSON of one side (before, after) of an audit entry. */
  auditValueBytes: 32 * 1024,
} as const
