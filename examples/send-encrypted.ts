// Send a complaint an update and a signal, encrypted by the API. Needs `@temporalio/client`, no Redress.
//
//     npm install @temporalio/client && npm install --save-dev tsx
//     TOKEN=... npx tsx send-encrypted.ts CYP-2026-000001
//
// The token has the role `codec`: `starter.py token new our-system --role codec`. Where the API is: `CODEC`; where
// Temporal is: `TEMPORAL_ADDRESS`. Without the codec an update is turned away, and a signal is applied and stays
// readable in Temporal's history for good.

import { Client, Connection } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';

const CODEC = process.env.CODEC ?? 'http://127.0.0.1:8400/codec';

type Document = { metadata?: Record<string, string>; data?: string };

const toBase64 = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('base64');
const toBytes = (text?: string) => new Uint8Array(Buffer.from(text ?? '', 'base64'));

function mapped<A, B>(values: Record<string, A> | null | undefined, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, change(value)]));
}

// Has the API encrypt what is sent, and decrypt what comes back.
class ApiCodec implements PayloadCodec {
  encode(payloads: Payload[]): Promise<Payload[]> {
    return this.ask('encode', payloads);
  }

  decode(payloads: Payload[]): Promise<Payload[]> {
    return this.ask('decode', payloads);
  }

  private async ask(what: string, payloads: Payload[]): Promise<Payload[]> {
    const sent = payloads.map((each) => ({ metadata: mapped(each.metadata, toBase64), data: toBase64(each.data) }));
    const answer = await fetch(`${CODEC}/${what}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${process.env.TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ payloads: sent }),
    });
    if (!answer.ok) throw new Error(`the codec answered ${answer.status}`);
    const { payloads: came } = (await answer.json()) as { payloads: Document[] };
    return came.map((each) => ({ metadata: mapped(each.metadata, toBytes), data: toBytes(each.data) }));
  }
}

async function main(reference: string) {
  const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? 'localhost:7233' });
  const client = new Client({ connection, dataConverter: { payloadCodecs: [new ApiCodec()] } });
  const complaint = client.workflow.getHandle(`complaint-${reference}`);

  // An update is answered; its id is the message's: sent again, it counts once.
  const answer = await complaint.executeUpdate<{ applied: boolean; reason: string }, [object]>('add_note', {
    args: [{ note: 'The family prefers to be rung in the evening.', by: 'our system' }],
    updateId: 'our-system-4713',
  });
  console.log('add_note:', answer.applied, answer.reason);

  // A signal is answered by nobody: it waits in Temporal while no worker runs.
  await complaint.signal('escalate', { reason: 'Not content.', message_id: 'our-system-4714' });
  console.log('escalate: sent');
  await connection.close();
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
