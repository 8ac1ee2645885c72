//! The run: one target, its mutants, many rules.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use super::score::Verdict;
use super::{Change, Mutant, Mutants, equivalent};
use crate::diagnostic::Diagnostic;
use crate::interp::Event;
use crate::mapping::Slip;
use crate::target::call::{Argument, Call, calls};
use crate::target::{Session, Target, Templates};
use crate::verify::Exam;
use crate::verify::engine::{Engine, EngineError};

/// The macros of a plan's structure.
const STRUCTURE: &[&str] = &["all", "any", "not", "group", "always", "never", "query"];

/// A target with its mutants.
pub struct Bench<'t> {
    name: &'t str,
    target: &'t Target,
    templates: &'t Templates,
    mutants: Mutants,
    /// The targets of mutants of templates, loaded when they are first needed.
    wrong: Vec<OnceLock<Option<Target>>>,
    /// Only mutants whose place leaves this rest are run: rest, of how many.
    part: (usize, usize),
}

/// What a thread keeps: sessions and engines.
pub struct Seat<'b> {
    bench: &'b Bench<'b>,
    session: Session<'b>,
    sessions: Vec<Option<Session<'b>>>,
    engines: Vec<Box<dyn Engine>>,
}

/// What came of a rule.
pub enum Examined {
    /// The rule tells nothing, for this reason.
    LeftOut(String),
    /// The mutants that change its query, by their places.
    Verdicts(Vec<(usize, Verdict)>),
}

impl<'t> Bench<'t> {
    /// Makes the mutants of a target and of the mappings for it. Of `part.1` mutants that follow each other one is run, the one at `part.0`.
    ///
    /// # Errors
    /// Where the templates' own list of mistakes cannot be read.
    pub fn new(
        name: &'t str,
        target: &'t Target,
        templates: &'t Templates,
        slips: Vec<(String, Slip)>,
        part: (usize, usize),
    ) -> Result<Self, Diagnostic> {
        let mut mutants = Mutants::of(target, templates)?;
        mutants.mappings(slips);
        let wrong = mutants.all.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { name, target, templates, mutants, wrong, part: (part.0, part.1.max(1)) })
    }

    /// The target's name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// All mutants, run or not.
    pub fn mutants(&self) -> &[Mutant] {
        &self.mutants.all
    }

    fn is_run(&self, place: usize) -> bool {
        place % self.part.1 == self.part.0 % self.part.1
    }

    fn wrong(&self, place: usize) -> Option<&Target> {
        let (slot, mutant) = (self.wrong.get(place)?, self.mutants.all.get(place)?);
        slot.get_or_init(|| mutant.target(self.name, self.templates)).as_ref()
    }
}

impl<'b> Seat<'b> {
    /// A seat with these engines.
    pub fn new(bench: &'b Bench<'b>, engines: Vec<Box<dyn Engine>>) -> Self {
        let sessions = bench.mutants.all.iter().map(|_| None).collect();
        Self { bench, session: bench.target.session(), sessions, engines }
    }

    /// The session of the target without a mistake.
    pub fn session(&mut self) -> &mut Session<'b> {
        &mut self.session
    }

    /// Runs the mutants that change the rule's query, on the rule's events. The rule itself comes first.
    pub fn examine(&mut self, exam: &Exam<'_>) -> Examined {
        if let Err(why) = self.prepare(exam) {
            return Examined::LeftOut(why);
        }
        let (calls, fields) = self.calls(exam);
        let called: BTreeSet<&str> = calls.iter().map(|call| call.name).chain(STRUCTURE.iter().copied()).collect();
        let mut known: HashMap<String, Verdict> = HashMap::new();
        let mut out = Vec::new();
        for place in 0..self.bench.mutants.all.len() {
            let Some(mutant) = self.bench.mutants.all.get(place) else { continue };
            if !self.bench.is_run(place) || !self.bench.mutants.concerns(mutant, &called) {
                continue;
            }
            let verdict = match self.render(exam, place, &fields) {
                None => Verdict::Unviable,
                Some(text) if text == exam.query() => continue,
                Some(text) => match known.get(&text) {
                    Some(verdict) => verdict.clone(),
                    None => {
                        let verdict = self.ask(exam, &text, mutant, &calls);
                        known.insert(text, verdict.clone());
                        verdict
                    }
                },
            };
            out.push((place, verdict));
        }
        Examined::Verdicts(out)
    }

    /// For each of these mutants the smallest event of this exam that tells it from the original, if one does.
    pub fn tell<'e>(&mut self, exam: &'e Exam<'_>, mutants: &[usize]) -> Vec<(usize, &'e Event)> {
        if self.prepare(exam).is_err() {
            return Vec::new();
        }
        let (_, fields) = self.calls(exam);
        let mut out = Vec::new();
        for place in mutants {
            let Some(text) = self.render(exam, *place, &fields) else { continue };
            let mut engines = self.engines.iter_mut();
            let told = engines.find_map(|engine| exam.told_by(engine.as_mut(), &text).ok().flatten());
            out.extend(told.map(|event| (*place, event)));
        }
        out
    }

    /// Loads the events and sees whether the rule's own query is right about them.
    fn prepare(&mut self, exam: &Exam<'_>) -> Result<(), String> {
        for engine in &mut self.engines {
            let asked = exam.load(engine.as_mut()).and_then(|()| exam.told_by(engine.as_mut(), exam.query()));
            match asked {
                Ok(None) => {}
                Ok(Some(_)) => return Err("its query differs without a mutant".to_owned()),
                Err(error) => return Err(format!("{}: {error}", engine.name())),
            }
        }
        Ok(())
    }

    /// The calls of the rule's plan, and the fields among their operands.
    fn calls(&mut self, exam: &Exam<'_>) -> (Vec<Call>, Vec<String>) {
        let mut found = Vec::new();
        exam.rendered(&mut self.session, &mut |query| found = calls(query));
        let mut fields: Vec<String> = Vec::new();
        for call in &found {
            let places = self.bench.mutants.fields.iter().filter(|(name, _)| name == call.name);
            for (_, place) in places {
                if let Some(Argument::One(text)) = call.arguments.get(*place)
                    && !fields.contains(text)
                {
                    fields.push(text.clone());
                }
            }
        }
        (found, fields)
    }

    fn render(&mut self, exam: &Exam<'_>, place: usize, fields: &[String]) -> Option<String> {
        let mutants = &self.bench.mutants;
        let mutant = mutants.all.get(place)?;
        match mutant.change {
            Change::Operand(..) => {
                exam.rendered(&mut self.session, &mut |query| mutant.alter(query, fields, &mutants.mistakes))
            }
            Change::Mapping(ref wrong) => exam.through(&mut self.session, wrong),
            Change::Text(_) => {
                let slot = self.sessions.get_mut(place)?;
                if slot.is_none() {
                    *slot = Some(self.bench.wrong(place)?.session());
                }
                exam.rendered(slot.as_mut()?, &mut |_| {})
            }
        }
    }

    fn ask(&mut self, exam: &Exam<'_>, text: &str, mutant: &Mutant, calls: &[Call]) -> Verdict {
        for engine in &mut self.engines {
            let told = match exam.told_by(engine.as_mut(), text) {
                Ok(None) => exam.told_by_members(engine.as_mut(), text),
                told => told.map(|told| told.is_some()),
            };
            match told {
                Ok(false) => {}
                Ok(true) => return Verdict::Caught,
                Err(EngineError::Rejected(_) | EngineError::Gone(_)) => return Verdict::Unviable,
            }
        }
        let callers =
            self.bench.mutants.callers.iter().find(|(file, name, _)| *file == mutant.file && *name == mutant.name);
        let concerned: Vec<&Call> =
            calls.iter().filter(|call| callers.is_some_and(|(.., names)| names.contains(call.name))).collect();
        let mistakes = &self.bench.mutants.mistakes;
        match equivalent::reason(mutant, exam, text, &concerned, mistakes, &mut self.engines) {
            Some(reason) => Verdict::Equivalent(reason),
            None => Verdict::Survived,
        }
    }
}
