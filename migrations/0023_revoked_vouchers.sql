ALTER TABLE "admissions" ADD COLUMN "voucher_ids" text[];--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "revoked_vouchers" jsonb;--> statement-breakpoint
-- As before, with the new column at its end; the others by name, since a view keeps the order in which they were first.
CREATE OR REPLACE VIEW calls AS
SELECT a.call_id, a.payment_key, a.scheme, a.network, a.asset, a.decimals, a.payer_kind, a.payer_id, a.organization_id,
  a.principal_id, a.key_id, a.hold_accounts, a.hold_amounts, a.hold_usd, a.ceiling, a.fee, a.request_hash,
  a.request_id, a.model, a.endpoint, a.provider, a.region, a.instance, a.strategy, a.price_book, a.output_cap,
  a.estimated_cost, a.streamed, a.channel_id, a."authorization", a.at_ms,
  c.outcome, c.charge, c.charge_pico_usd, c.cost, c.input_uncached, c.cache_read, c.cache_write, c.output_text,
  c.reasoning, c.images, c.audio, c.usage_estimated, c.endpoint AS captured_endpoint, c.provider AS captured_provider,
  c.finish_reason, c.error_code, c.delivered, c.first_content_ms, c.total_ms, c.at_ms AS captured_at_ms,
  CASE
    WHEN c.call_id IS NULL THEN 'forwarding'
    WHEN c.charge = 0 THEN 'released'
    WHEN a.scheme = 'upto' THEN
      CASE s.state WHEN 'signed' THEN 'signed' WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' WHEN 'failed' THEN 'written-off'
        ELSE 'captured' END
    WHEN a.scheme = 'batch-settlement' THEN coalesce(k.state, 'captured')
    WHEN a.scheme = 'exact' THEN CASE f.state WHEN 'seen' THEN 'seen' WHEN 'final' THEN 'final' ELSE 'captured' END
    ELSE 'final'
  END AS state,
  coalesce(st.hash, k.hash, ft.hash, f.adopted_hash) AS transaction_hash, c.cache_write_hour, a.decision, a.voucher_ids
FROM admissions a
LEFT JOIN captures c ON c.call_id = a.call_id
LEFT JOIN settlements s ON s.call_id = a.call_id
LEFT JOIN transactions st ON st.id = s.transaction_id
LEFT JOIN fundings f ON a.scheme = 'exact' AND f.key = a.payment_key
LEFT JOIN transactions ft ON ft.id = f.transaction_id
LEFT JOIN LATERAL (
  SELECT t.state, t.hash FROM claims x JOIN transactions t ON t.id = x.transaction_id
  WHERE x.channel_id = a.channel_id AND c.charge > 0 AND x.total_claimed >= c.channel_charged
    AND t.state IN ('signed', 'seen', 'final')
  ORDER BY x.total_claimed, t.signed_at_ms LIMIT 1
) k ON true;
