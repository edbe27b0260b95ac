import type { ModelKind } from '../../src/catalog/types.ts'

/** What does not answer a chat with text, or is billed in another way than by tokens. */
const NOT_CHAT =
  /audio|batch|computer-use|davinci|distilbert|dolphin|guard|image|indictrans|live|lyria|m2m100|moderation|ocr|omni|plamo|realtime|rerank|sonic|speech|transcribe|tts|voice|voxtral|whisper|(?:^|\/)(?:ada|babbage|curie)|ft[:-]|\.ft-|turbo-instruct|-base(?:-|$)|base-pt|relace-|morph-v|switchpoint|lyria|moondream|ui-tars|autoglm/

/** Models that their vendors or the market have replaced by more than one generation. */
const RETIRED =
  /gpt-3|gpt-4(?:$|-|o:|\.5)|chatgpt-4o|codex-mini$|o1-(?:mini|preview)|claude-(?:\d|v\d|instant)|claude-\d|gemini-(?:1|2\.0|flash-1|pro(?:-|$))|gemini-2\.5-[a-z-]*preview|gemini-2\.5-pro-exp|gemma-(?:2|7|2b)|gemma2|gemma-3n|palm|llama-?2|llama-?3-|llama3-|llama-3\.[12]-[a-z0-9-]*preview|llama-3\.1-(?:70b-versatile|405b$|405b-reasoning)|3\.3-70b-specdec|codellama|l3-|l31-|l3\.|mythomax|mixtral|mistral-(?:7b|tiny|saba|large-240|small-240|small$|medium$|large$)|codestral-(?:mamba|2501)|pixtral|ministral-[38]b(?:$|-2410)|phi-[23]|qwen1|qwen-2-|qwen-(?:max|turbo|vl|plus)|qwq|wizardlm|airoboros|goliath|magnum|toppy|remm|noromaid|lumimaid|celeste|starcannon|inferor|nous-|hermes-[23]|openhermes|openchat|zephyr|vicuna|alpaca|weaver|fimbulvetr|midnight|rogue|sorcerer|euryale|lunaris|stheno|hanami|electra|yi-|jamba-(?:1|instruct)|lfm-|eva-|grok-(?:2|beta|vision|3-beta|3-mini-beta)|command(?:$|-light|-r$|-r-plus$)|aya|titan|palmyra-x4|deepseek-(?:coder|prover)|moonshot-v1|glm-4-|voyage-(?:2|3$|3-lite|large-2|law-2|finance-2|code-2)|xwin|llemma|typhoon|wayfarer|rocinante|unslopnemo|anubis|skyfall|cydonia|mythalion|sonar-(?:small|large)|llama-3\.1-sonar|r1-1776|inflection|openhands|olympic|aion-1/

const EMBEDDING = /embed|(?:^|\/)bge-|voyage-/

/** Answers search the web by themselves and are billed for it: what cannot be priced before the call is not sold. */
const BILLED_BEYOND_TOKENS = /(?:^|\/)sonar|search-preview|deep-research/

/** The kind of a model that belongs into the catalogue; undefined where it does not. */
export function kindOf(name: string): ModelKind | undefined {
  const plain = name.toLowerCase()
  if (RETIRED.test(plain)) return undefined
  if (EMBEDDING.test(plain) && !/rerank|plamo/.test(plain)) return 'embedding'
  return NOT_CHAT.test(plain) ? undefined : 'chat'
}

export const isBilledBeyondTokens = (name: string): boolean => BILLED_BEYOND_TOKENS.test(name.toLowerCase())
