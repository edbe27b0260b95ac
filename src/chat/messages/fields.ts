/** Fields of Anthropic's published request that can be honoured. */
const SHARED = [
  'model',
  'messages',
  'cache_control',
  'context_management',
  'output_config',
  'system',
  'thinking',
  'tool_choice',
  'tools',
] as const

/** Fields that are known and cannot be honoured, and why. They are refused by name, since a field is never dropped in silence. */
export const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  container: 'is not sold here: containers run at one vendor only.',
  diagnostics: 'is not sold here.',
  fallbacks: 'is not known here: name other models with the chat completions dialect.',
  inference_geo: 'is not sold here: it would have another price.',
  mcp_servers: 'is not sold here: connect to MCP servers yourself and send their tools.',
  speed: 'is not sold here: it would have another price.',
  user_profile_id: 'is not sold here.',
  workspace_id: 'is not known here: there are no workspaces.',
}

export const COUNT_FIELDS: ReadonlySet<string> = new Set([...SHARED, ...Object.keys(REFUSED_FIELDS)])

export const MESSAGES_FIELDS: ReadonlySet<string> = new Set([
  ...COUNT_FIELDS,
  'max_tokens',
  'metadata',
  'service_tier',
  'stop_sequences',
  'stream',
  'temperature',
  'top_k',
  'top_p',
])

/** Fields of each kind of block that a message may hold. */
export const BLOCK_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['type', 'text', 'cache_control', 'citations']),
  image: new Set(['type', 'source', 'cache_control']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'cache_control', 'caller']),
  tool_result: new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']),
  thinking: new Set(['type', 'thinking', 'signature']),
  redacted_thinking: new Set(['type', 'data']),
}

export const TOOL_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'cache_control',
  'strict',
  'eager_input_streaming',
])
