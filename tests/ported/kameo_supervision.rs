//! Supervision of kameo: restart policies, limits, strategies, mailboxes.
//!
//! Where kameo sleeps, these wait for what must have happened, or send a question behind it: the
//! mailbox is one queue. What must not happen is asked for after the tree has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::kit::{paused, quiet_panics, system, until, within};

/// Counts how often it was started.
struct TestChild(Arc<AtomicU64>);

impl Actor for TestChild {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct TriggerPanic;

impl Handler<TriggerPanic> for TestChild {
    type Result = ();

    fn handle(&mut self, _: TriggerPanic, _: &mut Context<Self>) {
        panic!("expected: intentional panic");
    }
}

#[derive(Message)]
#[rtype(result = "Result<(), &'static str>")]
struct TriggerError;

impl Handler<TriggerError> for TestChild {
    type Result = Result<(), &'static str>;

    fn handle(&mut self, _: TriggerError, _: &mut Context<Self>) -> Self::Result {
        Err("intentional error")
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct StopGracefully;

impl Handler<StopGracefully> for TestChild {
    type Result = ();

    fn handle(&mut self, _: StopGracefully, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// How often it was started so far, said by the incarnation that is alive.
#[derive(Message)]
#[rtype(u64)]
struct Ping;

impl Handler<Ping> for TestChild {
    type Result = u64;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> u64 {
        self.0.load(SeqCst)
    }
}

/// What has come, in its order.
type Seen = Arc<std::sync::Mutex<Vec<u64>>>;

#[derive(Message)]
#[rtype(result = "()")]
struct Msg(u64, Seen);

impl Handler<Msg> for TestChild {
    type Result = ();

    fn handle(&mut self, msg: Msg, _: &mut Context<Self>) {
        msg.1.lock().expect("nobody panics with it").push(msg.0);
    }
}

struct Started {
    child: Addr<TestChild>,
    starts: Arc<AtomicU64>,
}

impl Started {
    #[expect(clippy::disallowed_methods, reason = "the cases play a user's program")]
    fn tell<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        TestChild: Handler<M>,
    {
        self.child.do_send(message);
    }

    #[expect(clippy::disallowed_methods, reason = "the cases play a user's program")]
    async fn ping(&self) -> Result<u64, MailboxError> {
        within("an answer", self.child.send(Ping)).await
    }

    fn starts(&self) -> u64 {
        self.starts.load(SeqCst)
    }
}

fn at_once() -> RestartPolicy {
    RestartPolicy::restart().backoff(Duration::ZERO, Duration::ZERO)
}

/// kameo's policies, in ours: permanent, transient, never.
fn permanent() -> ChildSpec {
    ChildSpec::new().supervised(at_once()).permanent()
}

fn transient() -> ChildSpec {
    ChildSpec::new().supervised(at_once())
}

fn never() -> ChildSpec {
    ChildSpec::new().isolated()
}

fn supervisor(strategy: Strategy) -> FlowSupervisor {
    let spec = SupervisorSpec::new().strategy(strategy);
    spec.start(&FlowContext::background()).expect("it starts")
}

fn child(supervisor: &FlowSupervisor, spec: ChildSpec) -> Started {
    let starts = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&starts);
    let started = supervisor.start_actor(spec, move |_| {
        count.fetch_add(1, SeqCst);
        TestChild(Arc::clone(&count))
    });
    let child = started.expect("it starts");
    Started { child, starts }
}

async fn end(supervisor: FlowSupervisor) {
    supervisor.quit();
    let ended = within("the end", supervisor.wait()).await;
    ended.expect("it ends well");
}

/// A child that has had this message, and how often it is then started.
async fn starts_after<M>(spec: ChildSpec, message: M, alive: bool) -> u64
where
    M: Message + Send + 'static,
    M::Result: Send,
    TestChild: Handler<M>,
{
    quiet_panics();
    let supervisor = supervisor(Strategy::OneForOne);
    let child = child(&supervisor, spec);
    assert_eq!(child.ping().await, Ok(1));
    child.tell(message);
    assert_eq!(child.ping().await.is_ok(), alive);
    end(supervisor).await;
    child.starts()
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `permanent_restarts_on_panic`
#[test]
fn r6_2_a_permanent_child_is_restarted_after_a_panic() {
    system(async { assert_eq!(starts_after(permanent(), TriggerPanic, true).await, 2) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `permanent_restarts_on_normal_exit`
#[test]
fn r6_2_a_permanent_child_is_restarted_after_a_normal_exit() {
    system(async { assert_eq!(starts_after(permanent(), StopGracefully, true).await, 2) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `transient_restarts_on_panic`
#[test]
fn r6_2_a_transient_child_is_restarted_after_a_panic() {
    system(async { assert_eq!(starts_after(transient(), TriggerPanic, true).await, 2) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `transient_no_restart_on_normal_exit`
#[test]
fn r6_2_a_transient_child_is_done_after_a_normal_exit() {
    system(async { assert_eq!(starts_after(transient(), StopGracefully, false).await, 1) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `never_no_restart_on_panic`
#[test]
fn r6_2_a_child_that_is_never_restarted_ends_with_its_panic() {
    system(async { assert_eq!(starts_after(never(), TriggerPanic, false).await, 1) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `never_no_restart_on_normal_exit`
#[test]
fn r6_2_a_child_that_is_never_restarted_is_done_after_a_normal_exit() {
    system(async { assert_eq!(starts_after(never(), StopGracefully, false).await, 1) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `never_no_restart_on_error`
#[test]
fn r6_2_an_answer_that_is_an_error_is_no_failure() {
    system(async { assert_eq!(starts_after(never(), TriggerError, true).await, 1) });
}

/// Crashes of a child with a limit, and how often it is then started.
async fn starts_with_limit(limit: u32, crashes: u64) -> u64 {
    quiet_panics();
    let supervisor = supervisor(Strategy::OneForOne);
    let policy = at_once().limit(limit, Duration::from_secs(10));
    let spec = ChildSpec::new().supervised(policy).permanent().isolated();
    let child = child(&supervisor, spec);
    for crash in 1..=crashes {
        child.tell(TriggerPanic);
        let again = crash <= u64::from(limit);
        let expected = if again {
            Ok(crash + 1)
        } else {
            Err(MailboxError::Closed)
        };
        assert_eq!(child.ping().await, expected);
    }
    end(supervisor).await;
    child.starts()
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `max_restarts_exceeded_stops_restarting`
#[test]
fn r6_4_past_its_limit_a_child_is_not_restarted() {
    system(async { assert_eq!(starts_with_limit(2, 3).await, 3) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `custom_restart_limit_respected`
#[test]
fn r6_4_a_limit_of_one_is_one() {
    system(async { assert_eq!(starts_with_limit(1, 2).await, 2) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `restart_count_resets_after_window`
#[test]
fn r6_4_a_restart_is_forgotten_when_the_period_has_passed() {
    quiet_panics();
    paused(async {
        let supervisor = supervisor(Strategy::OneForOne);
        let policy = at_once().limit(2, Duration::from_millis(100));
        let child = child(&supervisor, ChildSpec::new().supervised(policy));
        for _ in 0..2 {
            child.tell(TriggerPanic);
        }
        assert_eq!(child.ping().await, Ok(3));
        tokio::time::advance(Duration::from_millis(150)).await;
        child.tell(TriggerPanic);
        assert_eq!(child.ping().await, Ok(4));
        end(supervisor).await;
    });
}

/// How often each of three is started when one of them crashes.
async fn starts_of_three(strategy: Strategy, crashes: usize) -> [u64; 3] {
    quiet_panics();
    let supervisor = supervisor(strategy);
    let children = [(); 3].map(|()| child(&supervisor, permanent()));
    for child in &children {
        assert_eq!(child.ping().await, Ok(1));
    }
    children[crashes].tell(TriggerPanic);
    assert!(children[crashes].ping().await.is_ok());
    let tree = || supervisor.tree();
    let running = || {
        tree()
            .rows()
            .iter()
            .all(|row| row.state == ChildState::Running)
    };
    until("all to run", running).await;
    for child in &children {
        assert!(child.ping().await.is_ok());
    }
    end(supervisor).await;
    children.map(|child| child.starts())
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `one_for_one_only_restarts_failed_child`
#[test]
fn r6_3_one_for_one_restarts_the_child_that_failed() {
    system(async { assert_eq!(starts_of_three(Strategy::OneForOne, 0).await, [2, 1, 1]) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `one_for_all_restarts_all_children`
#[test]
fn r6_3_one_for_all_restarts_all_children() {
    system(async { assert_eq!(starts_of_three(Strategy::OneForAll, 0).await, [2, 2, 2]) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `rest_for_one_restarts_later_children`
#[test]
fn r6_3_rest_for_one_restarts_later_children() {
    system(async { assert_eq!(starts_of_three(Strategy::RestForOne, 1).await, [1, 2, 2]) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `rest_for_one_first_child_restarts_all`
#[test]
fn r6_3_rest_for_one_of_the_first_restarts_all() {
    system(async { assert_eq!(starts_of_three(Strategy::RestForOne, 0).await, [2, 2, 2]) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `rest_for_one_last_child_only_self`
#[test]
fn r6_3_rest_for_one_of_the_last_restarts_it_alone() {
    system(async { assert_eq!(starts_of_three(Strategy::RestForOne, 2).await, [1, 1, 2]) });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `rapid_successive_restarts`
#[test]
fn r6_2_crashes_in_quick_succession_are_each_answered() {
    quiet_panics();
    system(async {
        let supervisor = supervisor(Strategy::OneForOne);
        let policy = at_once().limit(10, Duration::from_secs(10));
        let child = child(&supervisor, ChildSpec::new().supervised(policy));
        for _ in 0..5 {
            child.tell(TriggerPanic);
        }
        assert_eq!(child.ping().await, Ok(6));
        end(supervisor).await;
    });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `one_for_all_with_single_child`
#[test]
fn r6_3_one_for_all_of_one_child_restarts_it() {
    quiet_panics();
    system(async {
        let supervisor = supervisor(Strategy::OneForAll);
        let child = child(&supervisor, permanent());
        child.tell(TriggerPanic);
        assert_eq!(child.ping().await, Ok(2));
        end(supervisor).await;
    });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs>
/// `one_for_one_multiple_independent_failures`
#[test]
fn r6_3_two_that_fail_each_for_itself_are_both_restarted() {
    quiet_panics();
    system(async {
        let supervisor = supervisor(Strategy::OneForOne);
        let children = [(); 2].map(|()| child(&supervisor, permanent()));
        for child in &children {
            child.tell(TriggerPanic);
        }
        for child in &children {
            assert_eq!(child.ping().await, Ok(2));
        }
        end(supervisor).await;
    });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `supervisor_factory_uses_cloned_args`
#[test]
fn r6_2_a_factory_makes_each_incarnation_of_what_it_owns() {
    quiet_panics();
    system(async {
        let supervisor = supervisor(Strategy::OneForOne);
        let child = child(&supervisor, permanent());
        assert_eq!(child.ping().await, Ok(1));
        child.tell(TriggerPanic);
        // The second one counts in the cell of the first.
        assert_eq!(child.ping().await, Ok(2));
        end(supervisor).await;
    });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs> `default_supervision_strategy_is_one_for_one`
#[test]
fn r6_3_without_a_strategy_each_child_stands_for_itself() {
    quiet_panics();
    system(async {
        let supervisor = FlowSupervisor::start(&FlowContext::background()).expect("it starts");
        let children = [(); 2].map(|()| child(&supervisor, permanent()));
        children[0].tell(TriggerPanic);
        assert_eq!(children[0].ping().await, Ok(2));
        assert_eq!(children[1].ping().await, Ok(1));
        end(supervisor).await;
    });
}

/// <https://github.com/tqwewe/kameo/blob/main/src/supervision.rs>
/// `stop_gracefully_does_not_deadlock_with_supervised_children`
#[test]
fn r5_2_a_supervisor_is_quit_while_its_children_live() {
    system(async {
        let supervisor = supervisor(Strategy::OneForOne);
        let child = child(&supervisor, permanent());
        assert_eq!(child.ping().await, Ok(1));
        end(supervisor).await;
        assert_eq!(child.starts(), 1);
        assert!(!child.child.connected());
    });
}

/// The messages behind one that ends the incarnation are handled by the next, in their order.
async fn survive(first: impl Fn(&Started)) {
    quiet_panics();
    for _ in 0..100 {
        let supervisor = supervisor(Strategy::OneForOne);
        let child = child(&supervisor, permanent());
        assert_eq!(child.ping().await, Ok(1));
        let seen = Seen::default();
        first(&child);
        child.tell(Msg(0, Arc::clone(&seen)));
        child.tell(Msg(1, Arc::clone(&seen)));
        assert_eq!(child.ping().await, Ok(2));
        assert_eq!(*seen.lock().expect("nobody panics with it"), [0, 1]);
        end(supervisor).await;
    }
}

/// <https://github.com/tqwewe/kameo/blob/main/tests/supervision_mailbox.rs>
/// `messages_survive_supervised_panic_restart`
#[test]
fn r6_5_messages_survive_a_panic() {
    system(survive(|child| child.tell(TriggerPanic)));
}

/// <https://github.com/tqwewe/kameo/blob/main/tests/supervision_mailbox.rs>
/// `messages_survive_supervised_normal_stop_restart`
#[test]
fn r6_5_messages_survive_a_normal_exit_that_is_answered() {
    system(survive(|child| child.tell(StopGracefully)));
}
