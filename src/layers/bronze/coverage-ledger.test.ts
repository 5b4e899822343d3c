import { expect, test } from "vitest";
import type { Span } from "../../sources/index.ts";
import { ledgerOf } from "./coverage-ledger.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

function changes(hours: readonly [number, number] | undefined, more: Partial<Span> = {}): Span {
  const [from, to] = hours ?? [undefined, undefined];
  const own = {
    channel: "files",
    epoch: 0,
    kind: "changes",
    title: "files",
    overlapMs: 0,
    batches: undefined,
  } as const;
  const toMs = to === undefined ? NOW : NOW + to * HOUR;
  return { ...own, fromMs: from === undefined ? undefined : NOW + from * HOUR, toMs, ...more };
}

function snapshot(hours: number, more: Partial<Span> = {}): Span {
  const atMs = NOW + hours * HOUR;
  const own = { channel: "scan", epoch: 0, kind: "snapshot", title: "scan", overlapMs: 0, batches: undefined } as const;
  return { ...own, fromMs: undefined, atMs, toMs: atMs, ...more };
}

const isUnproven = true;

test("what was read from a source that would not show a gap is told apart from what is covered", () => {
  const both = ledgerOf([snapshot(-5), changes([-6, -1], { isUnproven })], NOW);
  expect(both).toMatchObject({ verdict: "covered", coveredToMs: NOW - 5 * HOUR, readToMs: NOW - HOUR });
  const alone = ledgerOf([snapshot(-5, { isUnproven }), changes([-5, -1], { isUnproven })], NOW);
  expect(alone).toMatchObject({ verdict: "unproven", coveredToMs: undefined, readToMs: NOW - HOUR });
  // A snapshot of later says more than they.
  expect(ledgerOf([snapshot(-0.5), changes([-6, -1], { isUnproven })], NOW).readToMs).toBeUndefined();
});

test("what is not proven fills no gap of what is", () => {
  const stream = (epoch: number, hours: readonly [number, number]): Span =>
    changes(hours, { channel: "stream", epoch });
  const spans = [snapshot(-9), stream(0, [-9, -6]), stream(1, [-4, -1])];
  const ledger = ledgerOf([...spans, changes([-9, 0], { isUnproven })], NOW);
  expect(ledger).toMatchObject({ verdict: "gap", coveredToMs: NOW - 6 * HOUR });
  const proven = ledgerOf([...spans, changes([-9, 0])], NOW);
  expect(proven).toMatchObject({ verdict: "covered", coveredToMs: NOW });
});

test("without a snapshot behind it nothing counts as read", () => {
  const ledger = ledgerOf([changes([-6, -1], { isUnproven })], NOW);
  expect(ledger).toMatchObject({ verdict: "loading", coveredToMs: undefined, readToMs: undefined });
});

test("what is named and missing is a gap until a later snapshot makes up for it", () => {
  const missing = [{ kind: "failed", what: "errors/a", toMs: NOW - 3 * HOUR, neededMs: NOW - 2 * HOUR, advice: "Deliver it again" }] as const; // prettier-ignore
  const files = changes([-6, -1], { isUnproven, missing });
  const open = ledgerOf([snapshot(-6), files], NOW);
  expect(open).toMatchObject({ verdict: "gap", holes: [{ kind: "start" }, { kind: "failed", what: "errors/a" }] });
  expect(ledgerOf([snapshot(-6), files, snapshot(-2.5, { epoch: 1 })], NOW).verdict).toBe("gap");
  const underWay = ledgerOf([snapshot(-6), files, snapshot(-1, { epoch: 1, toMs: undefined })], NOW);
  expect(underWay.holes[1]?.underWay).toMatchObject({ channel: "scan", epoch: 1 });
  const filled = ledgerOf([snapshot(-6), files, snapshot(-2, { epoch: 1 })], NOW);
  expect(filled).toMatchObject({ verdict: "covered", holes: [{}, { filledBy: { channel: "scan", epoch: 1 } }] });
});

function limits(text: string): Partial<Span> {
  return { limits: [{ kind: "deletes", text }] };
}

test("of several epochs of a channel the newest says what it cannot tell", () => {
  const ledger = ledgerOf([changes([-2, -1], { epoch: 1, ...limits("now") }), changes([-6, -4], limits("then"))], NOW);
  expect(ledger.limits).toEqual([{ channel: "files", kind: "deletes", text: "now" }]);
});

test("changes that go on in an epoch that others began are no gap", () => {
  const spans = [snapshot(-8), changes([-9, -6]), snapshot(-4, { epoch: 1 }), changes([-9, -1], { epoch: 1 })];
  const ledger = ledgerOf(spans, NOW);
  expect(ledger).toMatchObject({ verdict: "covered", coveredToMs: NOW - HOUR, holes: [{ kind: "start" }] });
});
