"""What was promised, and what has become of it."""
import threading


def is_kept(recipient):
    """Whether the load's messages to it go to quarantine."""
    return recipient.endswith(("@kept.example", "@strict.example"))


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        # queue ID -> (token, recipients): each had its 250.
        self.accepted = {}
        # Queue IDs whose quarantined copies somebody asked to delete or to release, and those where the answer was yes.
        self.deleting, self.deleted, self.releasing, self.released = set(), set(), set(), set()
        self.refusals = []

    def accept(self, identifier, token, recipients):
        with self.lock:
            if identifier in self.accepted:
                raise AssertionError(f"queue ID {identifier} came twice")
            self.accepted[identifier] = (token, recipients)

    def copies(self):
        with self.lock:
            return [(i, token, r) for i, (token, recipients) in self.accepted.items() for r in recipients]

    def faults(self, listed, sink):
        """`listed` was read before the sink's notes are: what is in neither is missing."""
        with sink.lock:
            delivered = dict(sink.delivered)
            found = [f"{token} arrived damaged" for token in sink.damaged]
        for identifier, token, recipient in self.copies():
            state = listed.get((identifier, recipient))
            came = (token, recipient) in delivered
            what = f"{identifier} ({token}) to {recipient}"
            if is_kept(recipient):
                if identifier in self.deleted and state:
                    found.append(f"{what} was deleted and is back as {state}")
                if (came or state == "queued") and identifier not in self.releasing:
                    found.append(f"{what} left the quarantine by itself")
                if identifier in self.deleting:
                    continue
            if state is None and not came:
                found.append(f"{what} is missing")
        return found

    def twice(self, sink):
        with sink.lock:
            return sum(count - 1 for count in sink.delivered.values())
