//! Any sequence of open, book, move and cancel.

use domain::{
    Appointment, AppointmentId, Booking, Change, ClinicianId, Event, EventKind, Opening, Refused, Slot, SlotId, Stamp,
    State,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::Index};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, Copy)]
enum Command {
    Open { clinician: u8, hour: i64, minutes: u32 },
    Book { slot: Index },
    Move { appointment: Index, slot: Index, stale: bool },
    Cancel { appointment: Index, stale: bool },
}

fn command() -> impl Strategy<Value = Command> {
    let index = any::<Index>;
    prop_oneof![
        1 => (0..3_u8, -2..6_i64, prop_oneof![Just(20_u32), Just(30), Just(45)])
            .prop_map(|(clinician, hour, minutes)| Command::Open { clinician, hour, minutes }),
        4 => index().prop_map(|slot| Command::Book { slot }),
        4 => (index(), index(), prop::bool::weighted(0.1))
            .prop_map(|(appointment, slot, stale)| Command::Move { appointment, slot, stale }),
        2 => (index(), prop::bool::weighted(0.1)).prop_map(|(appointment, stale)| Command::Cancel { appointment, stale }),
    ]
}

/// The simplest store there is: it shows the domain what is, and keeps what the domain says.
#[derive(Debug, Default)]
struct Shelf {
    ids: u128,
    slots: Vec<Slot>,
    appointments: Vec<Appointment>,
    events: Vec<Event>,
}

fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

impl Shelf {
    fn id<T: From<Uuid>>(&mut self) -> T {
        self.ids += 1;
        Uuid::from_u128(self.ids).into()
    }

    fn stamp(&mut self) -> Stamp {
        Stamp { now: now(), event: self.id() }
    }

    fn keep(&mut self, change: Change) {
        let Change { appointment, event } = change;
        for slot in &mut self.slots {
            if slot.taken_by == Some(appointment.id) {
                slot.taken_by = None;
            }
        }
        if appointment.is_live() {
            let slot = self.slots.iter_mut().find(|slot| slot.id == appointment.slot).unwrap();
            slot.taken_by = Some(appointment.id);
        }
        self.appointments.retain(|kept| kept.id != appointment.id);
        self.appointments.push(appointment);
        self.events.extend(event);
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Refused> {
        let stamp = self.stamp();
        match command {
            Command::Open { clinician, hour, minutes } => {
                let from = now() + SignedDuration::from_hours(hour);
                let clinician: ClinicianId = format!("clinician-{clinician}").parse().unwrap();
                let opening =
                    Opening::new(clinician.clone(), from, from + SignedDuration::from_hours(1), minutes).unwrap();
                let calendar: Vec<_> = self.slots.iter().filter(|slot| slot.clinician == clinician).cloned().collect();
                for period in opening.missing(&calendar)? {
                    let slot = Slot { id: self.id::<SlotId>(), clinician: clinician.clone(), period, taken_by: None };
                    self.slots.push(slot);
                }
            }
            Command::Book { slot } if !self.slots.is_empty() => {
                let booking = Booking { id: self.id(), patient: self.id(), reminders: true, reason: None };
                let change = slot.get(&self.slots).book(booking, stamp)?;
                self.keep(change);
            }
            Command::Move { appointment, slot, stale } if !self.appointments.is_empty() => {
                let appointment = appointment.get(&self.appointments).clone();
                let expected = Some(appointment.version - u32::from(stale));
                let change = appointment.move_to(slot.get(&self.slots), expected, stamp)?;
                self.keep(change);
            }
            Command::Cancel { appointment, stale } if !self.appointments.is_empty() => {
                let appointment = appointment.get(&self.appointments).clone();
                let expected = Some(appointment.version - u32::from(stale));
                let change = appointment.cancel(None, expected, stamp)?;
                self.keep(change);
            }
            _ => {} // nothing to choose from yet
        }
        Ok(())
    }

    fn check(&self) {
        let mut holders: BTreeMap<SlotId, AppointmentId> = BTreeMap::new();
        for live in self.appointments.iter().filter(|appointment| appointment.is_live()) {
            assert_eq!(holders.insert(live.slot, live.id), None, "two live appointments in one slot");
            assert!(live.period.from() > now(), "a slot that has begun was given away");
        }
        for slot in &self.slots {
            assert_eq!(
                slot.taken_by,
                holders.get(&slot.id).copied(),
                "a slot is held by its live appointment and no other"
            );
            for other in self.slots.iter().filter(|other| other.id != slot.id && other.clinician == slot.clinician) {
                assert!(!slot.period.overlaps(&other.period), "a clinician is in two places");
            }
        }
        for appointment in &self.appointments {
            let told: Vec<_> = self.events.iter().filter(|event| event.appointment == appointment.id).collect();
            let versions: Vec<_> = told.iter().map(|event| event.version).collect();
            assert_eq!(
                versions,
                (1..=appointment.version).collect::<Vec<_>>(),
                "versions grow by one, and each is told"
            );
            let (first, later) = told.split_first().unwrap();
            let last = later.last().unwrap_or(first);
            assert_eq!(first.kind, EventKind::Booked);
            assert_eq!(last.period, appointment.period, "the last event tells how it is");
            assert_eq!(last.kind == EventKind::Cancelled, appointment.state == State::Cancelled);
            let between = later.split_last().map_or(&[][..], |(_, between)| between);
            assert!(
                between.iter().all(|event| event.kind == EventKind::Moved),
                "moved any number of times, cancelled for good"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_slot_is_ever_given_twice(commands in prop::collection::vec(command(), 1..120)) {
        let mut shelf = Shelf::default();
        for command in commands {
            let before = (shelf.appointments.clone(), shelf.events.len());
            if shelf.carry_out(command).is_err() {
                prop_assert_eq!(&before, &(shelf.appointments.clone(), shelf.events.len()), "a refusal changes nothing");
            }
            shelf.check();
        }
    }
}
