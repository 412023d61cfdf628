//! How random flows are ended, and with what causes.

use actix_flow::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Natural,
    Close,
    Quit,
    QuitStage,
    QuitGroup,
    Cancel,
    CancelContext,
    Deadline,
    Abort,
    DropPipeline,
    DropWait,
    Ladder,
    /// Several at once, from several threads.
    Crowd,
    KillArbiter,
}

pub(super) const ENDS: [End; 14] = [
    End::Natural,
    End::Close,
    End::Quit,
    End::QuitStage,
    End::QuitGroup,
    End::Cancel,
    End::CancelContext,
    End::Deadline,
    End::Abort,
    End::DropPipeline,
    End::DropWait,
    End::Ladder,
    End::Crowd,
    End::KillArbiter,
];

/// Whether a flow may end with this cause.
pub(super) fn expected(end: End, cause: &Cause, faulty: bool, stallable: bool) -> bool {
    let by_fault = matches!(cause, Cause::Failed { .. } | Cause::Panicked { .. });
    if by_fault {
        return faulty;
    }
    if matches!(cause, Cause::Stalled { .. }) {
        return stallable;
    }
    if matches!(cause, Cause::Completed) {
        return true;
    }
    let text = cause.to_string();
    match end {
        End::Natural => false,
        End::Close => matches!(cause, Cause::Closed),
        End::Quit => matches!(cause, Cause::Quit),
        End::QuitStage | End::QuitGroup => text == "cancelled: the rest",
        End::Cancel | End::CancelContext => text == "cancelled: random",
        End::Deadline => matches!(cause, Cause::DeadlineExceeded),
        End::Abort => text == "cancelled: aborted",
        End::DropPipeline | End::DropWait => text == "cancelled: the pipeline was dropped",
        // The flow can be over after any of its verbs.
        End::Ladder | End::Crowd => {
            matches!(cause, Cause::Closed | Cause::Quit)
                || ["cancelled: random", "cancelled: aborted"].contains(&&*text)
        }
        End::KillArbiter => matches!(cause, Cause::Lost { .. }),
    }
}
